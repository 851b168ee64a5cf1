import { pinned } from './action.ts';

/** What the written files are made from. */
export interface Setup {
  readonly environments: readonly string[];
  /** The exact version of dcs. */
  readonly version: string;
  /** The branch whose dcs.yaml is synced. */
  readonly branch: string;
  readonly names: 'auto' | 'list' | 'count';
  /** Some environment keeps its record on the machine. */
  readonly machineLedger: boolean;
  /** The directory of dcs.yaml in the repository, `.` for its root. */
  readonly folder: string;
  readonly google: boolean;
}

/** YAML takes JSON's strings. */
const list = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;

/** .github/workflows/dcs.yml */
export function githubWorkflow(setup: Setup): string {
  const job = (name: string, when: string, rights: readonly string[], identity: string, checkout = ''): string => `  ${name}:
    if: ${when}
    runs-on: ubuntu-latest
    timeout-minutes: 20
    permissions: {contents: read, id-token: write${rights.map((right) => `, ${right}: write`).join('')}}
    strategy:
      fail-fast: false
      matrix:
        environment: ${list(setup.environments)}
    concurrency:
      group: dcs-${name === 'plan' ? 'plan-${{ github.ref }}-' : ''}\${{ matrix.environment }}
      cancel-in-progress: false
    steps:
      - uses: ${pinned('actions/checkout')}
        with:
          persist-credentials: false${checkout}
      - uses: ./.github/actions/dcs-sync
        with:
          environment: \${{ matrix.environment }}
          version: ${setup.version}
          names: ${setup.names}
          working-directory: ${JSON.stringify(setup.folder)}
          doppler-identity: \${{ vars.${identity} }}${setup.google ? googleInputs(identity) : ''}${setup.machineLedger ? "\n          ledger-cache: 'true'" : ''}
`;
  return `name: dcs
on:
  pull_request:
  push:
    branches: ${list([setup.branch])}
  repository_dispatch:
    types: [dcs-sync]
  workflow_dispatch:
  schedule:
    - cron: '17 6 * * *'
permissions: {}
jobs:
${job(
  'plan',
  "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository",
  ['pull-requests'],
  'DCS_DOPPLER_IDENTITY_PR',
  '\n          fetch-depth: 2',
)}${job('sync', "github.event_name != 'pull_request' && github.event_name != 'schedule'", [], 'DCS_DOPPLER_IDENTITY')}${job('drift', "github.event_name == 'schedule'", ['issues'], 'DCS_DOPPLER_IDENTITY')}`;
}

const googleInputs = (identity: string): string => `
          google-provider: \${{ vars.DCS_GOOGLE_PROVIDER }}
          google-service-account: \${{ vars.DCS_GOOGLE_SERVICE_ACCOUNT${identity.endsWith('_PR') ? '_PR' : ''} }}`;

/** .gitlab/dcs.yml. The jobs do what the action does. */
export function gitlabPipeline(setup: Setup): string {
  const google = `
    DCS_GOOGLE_ID_TOKEN: {aud: "https://iam.googleapis.com/$DCS_GOOGLE_PROVIDER"}`;
  const cache = `
  cache:
    key: dcs-$DCS_CI_ENVIRONMENT
    paths: [.dcs-state/]
    policy: $DCS_CACHE_POLICY
    when: always`;
  return `dcs:
  image: node:24-bookworm
  parallel:
    matrix:
      - DCS_CI_ENVIRONMENT: ${list(setup.environments)}
  resource_group: dcs-$DCS_CI_ENVIRONMENT
  interruptible: false
  timeout: 20 minutes
  id_tokens:
    DCS_DOPPLER_ID_TOKEN: {aud: https://api.doppler.com}${setup.google ? google : ''}
  variables:
    GIT_DEPTH: "0"
    DCS_CI_NAMES: ${setup.names}${setup.machineLedger ? '\n    XDG_STATE_HOME: $CI_PROJECT_DIR/.dcs-state' : ''}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
      variables: {DCS_DOPPLER_IDENTITY: $DCS_DOPPLER_IDENTITY_PR${setup.google ? ', DCS_GOOGLE_SERVICE_ACCOUNT: $DCS_GOOGLE_SERVICE_ACCOUNT_PR' : ''}${setup.machineLedger ? ', DCS_CACHE_POLICY: pull' : ''}}
    - if: $CI_COMMIT_BRANCH == ${JSON.stringify(setup.branch)}${setup.machineLedger ? '\n      variables: {DCS_CACHE_POLICY: pull-push}' : ''}${setup.machineLedger ? cache : ''}
  script:
    - npm install --prefix "$CI_BUILDS_DIR/dcs" --ignore-scripts --no-audit --no-fund doppler-cloud-syncs@${setup.version}
    - export PATH="$CI_BUILDS_DIR/dcs/node_modules/.bin:$PATH"
    - cd ${JSON.stringify(setup.folder)}
    - dcs plugins install automation --yes
    - dcs plugins install --needed --yes
    - dcs ci run -e "$DCS_CI_ENVIRONMENT"
`;
}
