import { DcsError, type Env } from 'dcs-sdk';
import { MERGED_INTO } from './base.ts';

/** What a run of CI is about. `change`: a pull or merge request. */
export interface CiEvent {
  readonly kind: 'change' | 'sync' | 'drift';
  /** Somebody may read its comments and issues who may not read the repository's settings: names stay out of them. */
  readonly isPublic: boolean;
  readonly change?: {
    readonly number: number;
    /** From another repository: it gets no answer and no credential. */
    readonly fork: boolean;
    /** What git calls the state before the change. */
    readonly base: string;
  };
  /** A dispatch that names one environment; absent: any. */
  readonly environment?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows (last verified 2026-11-21) */
export function githubEvent(env: Env, payload: unknown): CiEvent {
  const event = fields(payload);
  const repository = fields(event['repository']);
  const isPublic = repository['private'] !== true;
  switch (env['GITHUB_EVENT_NAME']) {
    case 'pull_request': {
      const pull = fields(event['pull_request']);
      const from = text(fields(fields(pull['head'])['repo'])['full_name']);
      const fork = from === undefined || from !== env['GITHUB_REPOSITORY'];
      // checkout brings the merge of the change into its base: its first parent is the base.
      return { kind: 'change', isPublic, change: { number: numberOf(event['number'] ?? pull['number']), fork, base: MERGED_INTO } };
    }
    case 'schedule':
      return { kind: 'drift', isPublic };
    case 'repository_dispatch': {
      const environment = text(fields(event['client_payload'])['environment']);
      return { kind: 'sync', isPublic, ...(environment === undefined ? {} : { environment }) };
    }
    case 'push':
    case 'workflow_dispatch':
      return { kind: 'sync', isPublic };
    default:
      throw unknownEvent('GitHub', env['GITHUB_EVENT_NAME']);
  }
}

/** https://docs.gitlab.com/ci/variables/predefined_variables (last verified 2026-11-21) */
export function gitlabEvent(env: Env): CiEvent {
  const isPublic = env['CI_PROJECT_VISIBILITY'] !== 'private';
  switch (env['CI_PIPELINE_SOURCE']) {
    case 'merge_request_event': {
      const base = env['CI_MERGE_REQUEST_DIFF_BASE_SHA'] ?? '';
      if (!/^[0-9a-f]{40,64}$/.test(base))
        throw new DcsError('CONFIG', 'GitLab does not say what this merge request started from.', { hint: 'variables: {GIT_DEPTH: "0"}' });
      const fork = env['CI_MERGE_REQUEST_SOURCE_PROJECT_ID'] !== env['CI_PROJECT_ID'];
      return { kind: 'change', isPublic, change: { number: numberOf(env['CI_MERGE_REQUEST_IID']), fork, base } };
    }
    case 'schedule':
      return { kind: 'drift', isPublic };
    case 'push':
    case 'web':
    case 'api':
    case 'trigger':
    case 'pipeline': {
      const environment = text(env['DCS_DISPATCH_ENVIRONMENT']);
      return { kind: 'sync', isPublic, ...(environment === undefined ? {} : { environment }) };
    }
    default:
      throw unknownEvent('GitLab', env['CI_PIPELINE_SOURCE']);
  }
}

function numberOf(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new DcsError('CONFIG', 'This run does not say which change it is about.');
  return number;
}

/** `pull_request_target` and its like run somebody else's files with the repository's own rights. */
const unknownEvent = (system: string, name = 'nothing'): DcsError =>
  new DcsError('REFUSED', `dcs ci run does not act on ${system}'s event ${name.replaceAll(/[^\w-]/g, '')}.`, {
    why: 'Nothing was read or written.',
    hint: 'dcs ci init     writes a workflow with the events it acts on',
  });
