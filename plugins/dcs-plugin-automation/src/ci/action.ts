/** Actions of others, each by the commit of a release. */
export const PINS = {
  'actions/checkout': '9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0',
  'actions/setup-node': '820762786026740c76f36085b0efc47a31fe5020 # v7.0.0',
  'actions/cache/restore': 'cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3',
  'actions/cache/save': 'cdf6c1fa76f9f475f3d7449005a359c84ca0f306 # v5.0.3',
} as const;

export const pinned = (name: keyof typeof PINS): string => `${name}@${PINS[name]}`;

/** Not by GITHUB_PATH: the steps of a job that come after the action find what they found before. */
const ONLY_HERE = 'export PATH="$RUNNER_TEMP/dcs/node_modules/.bin:$PATH"';

/**
 * The composite action: `actions/dcs-sync/action.yml` of this repository, and what `dcs ci init github` puts beside its workflow. What
 * it decides it leaves to `dcs ci run`.
 */
export const actionFile = (): string => `name: dcs-sync
description: Secrets from Doppler to your clouds; a plan under pull requests, a sync on push, an issue on drift
inputs:
  environment:
    description: the environment of dcs.yaml
    required: true
  version:
    description: the exact version of dcs
    required: true
  names:
    description: names of secrets in comments and issues (list, count; auto is list in private repositories only)
    default: auto
  working-directory:
    description: the directory of dcs.yaml
    default: .
  doppler-identity:
    description: the identity of a Doppler service account, for OIDC; without it DOPPLER_TOKEN of the job counts
    default: ''
  google-provider:
    description: the full name of a provider of Workload Identity Federation
    default: ''
  google-service-account:
    description: the service account to act as; without it the federated identity itself acts
    default: ''
  ledger-cache:
    description: 'true keeps the record of "ledger: machine" in the cache; "ledger: doppler" is better and needs none'
    default: 'false'
  github-token:
    description: writes the comment and the issue; the job's own, or a person's
    default: \${{ github.token }}
runs:
  using: composite
  steps:
    - uses: ${pinned('actions/setup-node')}
      with:
        node-version: '24'
        package-manager-cache: false
    - name: Install dcs
      shell: bash
      env:
        VERSION: \${{ inputs.version }}
      run: |
        [[ "$VERSION" =~ ^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo 'version: an exact version, such as 0.1.0' >&2; exit 64; }
        npm install --prefix "$RUNNER_TEMP/dcs" --ignore-scripts --no-audit --no-fund "doppler-cloud-syncs@$VERSION"
    - name: Install the plugins
      shell: bash
      working-directory: \${{ inputs.working-directory }}
      run: |
        ${ONLY_HERE}
        dcs plugins install automation --yes
        dcs plugins install --needed --yes
    - name: Restore the record
      if: \${{ inputs.ledger-cache == 'true' }}
      uses: ${pinned('actions/cache/restore')}
      with:
        path: \${{ runner.temp }}/dcs-state
        key: dcs-\${{ inputs.environment }}|\${{ github.run_id }}-\${{ github.run_attempt }}
        restore-keys: dcs-\${{ inputs.environment }}|
    - name: dcs
      shell: bash
      working-directory: \${{ inputs.working-directory }}
      env:
        ENVIRONMENT: \${{ inputs.environment }}
        DCS_CI_NAMES: \${{ inputs.names }}
        DCS_DOPPLER_IDENTITY: \${{ inputs.doppler-identity }}
        DCS_GOOGLE_PROVIDER: \${{ inputs.google-provider }}
        DCS_GOOGLE_SERVICE_ACCOUNT: \${{ inputs.google-service-account }}
        GITHUB_TOKEN: \${{ inputs.github-token }}
        XDG_STATE_HOME: \${{ runner.temp }}/dcs-state
      run: |
        ${ONLY_HERE}
        dcs ci run -e "$ENVIRONMENT"
    - name: Keep the record
      if: \${{ always() && inputs.ledger-cache == 'true' && github.event.repository.private && github.event_name != 'pull_request' && github.event_name != 'schedule' }}
      uses: ${pinned('actions/cache/save')}
      with:
        path: \${{ runner.temp }}/dcs-state
        key: dcs-\${{ inputs.environment }}|\${{ github.run_id }}-\${{ github.run_attempt }}
`;
