import { location, oneOf, project, schema, word, type Case, type Fields } from './options.ts';

export interface RunOptions {
  readonly project_id: string;
  /** Where the service, job or function is. */
  readonly region: string;
  readonly service?: string;
  readonly job?: string;
  readonly function?: string;
  /** Of a service or job with several. */
  readonly container?: string;
  readonly case?: Case;
  readonly id_prefix?: string;
  /** `pinned` (default): to the version just written; `latest`: new instances read whatever is newest. */
  readonly version?: 'pinned' | 'latest';
  /** Let the account that the code runs as read each secret that is bound. */
  readonly grant?: boolean;
}

const name = word;
export const runFields: Fields = {
  project_id: { test: project, needed: true },
  region: { test: location, needed: true },
  service: { test: name },
  job: { test: name },
  function: { test: name },
  container: { test: name },
  case: { test: oneOf('keep', 'lower', 'kebab') },
  id_prefix: { test: word },
  version: { test: oneOf('pinned', 'latest') },
  grant: { test: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false') },
};

export const KINDS = ['service', 'job', 'function'] as const;
export type Kind = (typeof KINDS)[number];

export const runSchema = schema<RunOptions>(runFields, (options) => {
  const named = KINDS.filter((kind) => options[kind] !== undefined);
  if (named.length !== 1) return { path: named[1] ?? 'service', message: 'one of service, job and function is needed, and only one' };
  return options.function !== undefined && options.container !== undefined
    ? { path: 'container', message: 'a function has one container' }
    : undefined;
});

export function kindOf(options: RunOptions): { readonly kind: Kind; readonly id: string } {
  const kind = KINDS.find((each) => options[each] !== undefined)!;
  return { kind, id: options[kind]! };
}
