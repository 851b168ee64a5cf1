import { homedir } from 'node:os';
import type { Invocation } from 'dcs-sdk';
import { directories } from '../config/directories.ts';
import { loadUserFile } from '../config/user-file.ts';
import { originalEnv } from '../original-env.ts';
import { prompts } from '../prompts.ts';
import { agree } from './agree.ts';
import { place, type Placed } from './install.ts';
import { alone, installed } from './installed.ts';
import { candidateFor, type Candidate } from './judge.ts';
import type { Wanted } from './names.ts';
import type { Dcs } from './official.ts';
import { isIntact } from './seal.ts';

export interface Brought {
  readonly placed: readonly Placed[];
  /** Were there already, in this version and intact. */
  readonly same: readonly { readonly name: string; readonly version: string }[];
}

/** Find out, ask once, install. One that fails leaves those before it installed, and every other as it was. */
export async function bring(dcs: Dcs, asked: readonly Wanted[], invocation: Invocation, say: (line: string) => void): Promise<Brought> {
  const home = homedir();
  const env = originalEnv;
  const { configDir, cacheDir } = directories(env, home);
  const { plugins } = await loadUserFile(configDir, cacheDir);
  const found = await Promise.all(asked.map((each) => candidateFor(dcs, each, env, home)));
  const here = installed(dcs.dataDir);
  const isSame = ({ name, integrity, pinned }: Candidate): boolean =>
    here.some(
      (each) => each.name === name && each.seal?.integrity === integrity && each.seal.pinned === pinned && isIntact(each.root, name),
    );
  const same = found.filter(isSame).map(({ name, version }) => ({ name, version }));
  const fresh = found.filter(({ name }) => !same.some((each) => each.name === name));
  if (fresh.length === 0) return { placed: [], same };
  await agree(fresh, { yes: invocation.yes === true, allow: plugins.allow, ask: prompts(invocation, env), say });
  const placed = await alone(dcs.dataDir, async () => {
    const done: Placed[] = [];
    // oxlint-disable-next-line no-await-in-loop -- one npm at a time
    for (const candidate of fresh) done.push(await place(dcs.dataDir, candidate, env, home));
    return done;
  });
  return { placed, same };
}
