import { DcsError, path } from 'dcs-sdk';
import { listIn, optionalText, textIn, wrongShape, type Api, type Fields } from './api.ts';

export interface Branch {
  readonly id: string;
  readonly name: string;
  readonly parent?: string;
  readonly default: boolean;
  readonly protected: boolean;
  /** `init`, `ready`, `archived`, `resetting`. */
  readonly state: string;
  /** Bytes; undefined until Neon has counted. */
  readonly size?: number;
  readonly expires?: string;
  readonly created: string;
}

export function branchFrom(fields: Fields, subject: string): Branch {
  const parent = optionalText(fields, 'parent_id');
  const expires = optionalText(fields, 'expires_at');
  const size = fields['logical_size'];
  return {
    id: textIn(fields, 'id', subject),
    name: textIn(fields, 'name', subject),
    ...(parent === undefined ? {} : { parent }),
    default: fields['default'] === true,
    protected: fields['protected'] === true,
    state: textIn(fields, 'current_state', subject),
    ...(typeof size === 'number' ? { size } : {}),
    ...(expires === undefined ? {} : { expires }),
    created: textIn(fields, 'created_at', subject),
  };
}

/** A page would hold 10,000, which is more than dcs reads: https://api-docs.neon.tech/reference/listprojectbranches (last verified 2026-11-21). */
const PAGE = 1000;

/** Every branch of a project. */
export async function branchesOf(api: Api, project: string): Promise<Branch[]> {
  const subject = `project ${project}`;
  const all: Branch[] = [];
  for (let cursor: string | undefined; ;) {
    const answer = await api({ method: 'GET', path: path`/projects/${project}/branches`, query: { cursor, limit: PAGE }, subject });
    const page = listIn(answer, 'branches', subject).map((fields) => branchFrom(fields, subject));
    all.push(...page);
    const next = optionalText((answer['pagination'] ?? {}) as Fields, 'next');
    if (next === undefined || page.length === 0) return all;
    if (next === cursor) throw wrongShape(subject);
    cursor = next;
  }
}

/** By name or id; undefined: the default branch. */
export function pickBranch(branches: readonly Branch[], word: string | undefined, project: string): Branch {
  const found = branches.find((branch) => (word === undefined ? branch.default : branch.name === word || branch.id === word));
  if (found) return found;
  throw new DcsError(
    'TARGET',
    word === undefined ? `Project ${project} has no default branch.` : `Project ${project} has no branch ${word}.`,
    {
      why: `Its branches are ${branches.map(({ name }) => name).join(', ') || 'none'}. Nothing was written.`,
      hint: 'dcs neon branch list',
    },
  );
}
