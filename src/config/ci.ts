import type { Env } from 'dcs-sdk';

/** What a CI system says it is building. No branch: a pull request, a tag, or it does not say. */
export interface CiInfo {
  readonly name: string;
  readonly branch?: string;
  /** The run, for the record: its number or address. */
  readonly run?: string;
}

type Reader = (env: Env) => string | undefined;
// Each vendor's own list of variables, last verified 2026-11-21.
const SYSTEMS: readonly (readonly [variable: string, name: string, branch: Reader, run: Reader])[] = [
  // https://docs.github.com/actions/reference/variables-reference
  [
    'GITHUB_ACTIONS',
    'GitHub',
    (env) =>
      env['GITHUB_EVENT_NAME']?.startsWith('pull_request') || env['GITHUB_REF_TYPE'] !== 'branch' ? undefined : env['GITHUB_REF_NAME'],
    (env) => env['GITHUB_RUN_ID'] && `run ${env['GITHUB_REPOSITORY'] ?? ''}#${env['GITHUB_RUN_ID']}`,
  ],
  // https://docs.gitlab.com/ci/variables/predefined_variables (CI_COMMIT_BRANCH is unset for merge requests and tags)
  ['GITLAB_CI', 'GitLab', (env) => env['CI_COMMIT_BRANCH'], (env) => env['CI_JOB_URL']],
  // https://circleci.com/docs/reference/variables
  [
    'CIRCLECI',
    'CircleCI',
    (env) => (env['CIRCLE_PULL_REQUEST'] || env['CIRCLE_TAG'] ? undefined : env['CIRCLE_BRANCH']),
    (env) => env['CIRCLE_BUILD_URL'],
  ],
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  [
    'BUILDKITE',
    'Buildkite',
    (env) => ((env['BUILDKITE_PULL_REQUEST'] ?? 'false') !== 'false' || env['BUILDKITE_TAG'] ? undefined : env['BUILDKITE_BRANCH']),
    (env) => env['BUILDKITE_BUILD_URL'],
  ],
];

export function ciOf(env: Env): CiInfo | undefined {
  const system = SYSTEMS.find(([variable]) => env[variable] && env[variable] !== 'false');
  if (!system) return env['CI'] && env['CI'] !== 'false' ? { name: 'CI' } : undefined;
  const [, name, branchOf, runOf] = system;
  const [branch, run] = [branchOf(env), runOf(env)];
  return { name, ...(branch ? { branch } : {}), ...(run ? { run } : {}) };
}
