import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Env, GitHook } from 'dcs-sdk';
import { findBlock } from './block.ts';
import { look } from './file.ts';
import type { Layout } from './layout.ts';
import type { Repository } from './repository.ts';
import { BEFORE } from './scripts.ts';

export interface Standing {
  readonly hook: GitHook;
  readonly file: string;
  /** `waiting`: the keeper of the hooks did not take it over yet. `off`: git starts no file without the right to be run. */
  readonly state: 'installed' | 'edited' | 'waiting' | 'off' | 'none';
  /** The lines' own words: `dcs hooks run pre-push --gate`. */
  readonly runs?: string;
  /** What follows: a hook that stood there before. */
  readonly chained?: string;
}

export async function standingOf(layout: Layout, { hooks }: Repository, hook: GitHook): Promise<Standing> {
  const file = layout.file(hook);
  const found = await look(file);
  const inner = layout.inner(found?.text, hook);
  const block = inner === undefined ? undefined : findBlock(inner, hook);
  if (block === undefined) return { hook, file, state: 'none' };
  if (block === 'cut') return { hook, file, state: 'edited' };
  const runs = /dcs hooks run .*?(?= <\/dev\/null)/.exec(block.body)?.[0];
  const chained = layout.executable && (await look(file + BEFORE)) ? file + BEFORE : undefined;
  const off = layout.executable && (found!.mode & 0o100) === 0;
  const state = !block.intact ? 'edited' : off ? 'off' : (await taken(layout, join(hooks, hook))) ? 'installed' : 'waiting';
  return { hook, file, state, ...(runs === undefined ? {} : { runs }), ...(chained === undefined ? {} : { chained }) };
}

/** Does git's own file lead to the keeper's? */
async function taken({ name, apply }: Layout, script: string): Promise<boolean> {
  if (apply === undefined) return true;
  const text = (await look(script))?.text ?? '';
  return text.includes(name === 'lefthook' ? 'call_lefthook' : 'dcs hooks run');
}

/** Whether hooks find dcs, as far as this shell's PATH tells. */
export async function onPath(env: Env): Promise<boolean> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, 'dcs'), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
