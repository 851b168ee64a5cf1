import { diff } from 'node:util';
import type { Route } from '../server/cloud.ts';
import { Refusal, type Success } from './envelope.ts';
import { branchNamed, type Ground, type InBranch, inBranch, storeOf } from './gate.ts';
import { assertInHistory, forked, pointOf } from './growth.ts';
import type { Point } from './postgres/stores.ts';
import { SCHEMA } from './schema-sql.ts';
import { type Branch, rootBranch } from './state.ts';

/** The statements that would make the schema of a database. */
async function dump({ stores }: Pick<Ground, 'stores'>, store: { id: string }, database: string): Promise<string> {
  return stores.sql(store, database, async (client) => {
    const statements: string[] = [];
    // Without a path every name is written whole.
    await client.query(`SET search_path = ''`);
    for (const query of SCHEMA) {
      const { rows } = await client.query<{ name: string; sql: string }>(query);
      statements.push(...rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ sql }) => `${sql};\n`));
    }
    return statements.join('\n');
  });
}

async function schemaOf(asked: InBranch, branch: Branch, point: Point | undefined): Promise<string> {
  const database = asked.call.query.get('db_name') ?? '';
  if (!branch.databases.has(database)) throw new Refusal(404, 'database not found');
  const store = storeOf(branch);
  if (point === undefined) return dump(asked, store, database);
  assertInHistory(asked, store, point);
  const then = await forked(asked, store, point);
  try {
    return await dump(asked, then, database);
  } finally {
    await asked.stores.remove(then.id);
  }
}

const CONTEXT = 3;

/** Unified, as `diff -u` writes it; empty when nothing differs. */
export function unified(from: string, to: string, name: string): string {
  const lines = diff(to.split('\n'), from.split('\n')).map(([sign, line]) => ({ sign, line }));
  const near = (index: number): boolean => lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== 0);
  const text = [`--- a/${name}`, `+++ b/${name}`];
  let [left, right] = [1, 1];
  let head = -1;
  let [startLeft, startRight] = [1, 1];
  const close = (): void => {
    if (head !== -1) text[head] = `@@ -${startLeft},${left - startLeft} +${startRight},${right - startRight} @@`;
    head = -1;
  };
  for (const [index, { sign, line }] of lines.entries()) {
    if (!near(index)) close();
    else {
      if (head === -1) {
        [startLeft, startRight] = [left, right];
        head = text.push('') - 1;
      }
      text.push(`${sign === 1 ? '+' : sign === -1 ? '-' : ' '}${line}`);
    }
    if (sign !== 1) left += 1;
    if (sign !== -1) right += 1;
  }
  close();
  return text.length === 2 ? '' : `${text.join('\n')}\n`;
}

const pointNamed = ({ call }: InBranch, prefix: string): Point | undefined =>
  pointOf(call.query.get(`${prefix}lsn`) ?? undefined, call.query.get(`${prefix}timestamp`) ?? undefined);

async function compare(asked: InBranch): Promise<Success> {
  const { branch, project, call } = asked;
  const base = branchNamed(project, call.query.get('base_branch_id') ?? branch.parent ?? rootBranch(project)?.id ?? '');
  const mine = await schemaOf(asked, branch, pointNamed(asked, ''));
  const theirs = await schemaOf(asked, base, pointNamed(asked, 'base_'));
  return { body: { diff: unified(theirs, mine, call.query.get('db_name') ?? '') } };
}

/** https://neon.com/docs/guides/schema-diff, last verified 2026-11-21. */
export function schemaRoutes(ground: Ground): Route[] {
  return [
    inBranch(ground, 'GET', '/schema', async (asked) => ({ body: { sql: await schemaOf(asked, asked.branch, pointNamed(asked, '')) } })),
    inBranch(ground, 'GET', '/compare_schema', compare),
  ];
}
