import { isDeepStrictEqual } from 'node:util';
import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { dopplerHolds, neonProject } from '../../e2e/neon.ts';
import type { Arena } from '../faults/arena.ts';
import { ODD } from './names.ts';
import type { Checked } from './programs.ts';

const takes = (name: string): boolean => /^[A-Z_][A-Z0-9_]{0,199}$/.test(name);
const STRANGE = ['__PROTO__', 'CONSTRUCTOR', 'VALUEOF', 'NAN', 'NULL', 'PATH', 'NODE_OPTIONS', 'GITHUB_TOKEN', 'FIREBASE_CONFIG'];
const VALID = [...ODD.filter(takes), ...STRANGE];
const INVALID = ODD.filter((name) => !takes(name));
const valueOf = (name: string): string => `value of ${name}`;
const text = (names: readonly string[]): string => JSON.stringify(Object.fromEntries(names.map((name) => [name, valueOf(name)])));

/** Odd names on their way into Doppler, and two that become one, there and for a program. `neon`: also from a branch. */
export async function enters(arena: Arena, neon: boolean): Promise<Checked> {
  const wrong: string[] = [];
  let checks = 0;
  const is = (what: string, right: boolean): void => {
    checks++;
    if (!right) wrong.push(what);
  };
  const bring = async (names: readonly string[]) => {
    await arena.file('odd.json', text(names));
    return arena.run(['import', 'odd.json', '-e', 'dev', '--yes', '--allow', 'adopt'], false);
  };
  await arena.blank();
  await arena.w.yaml('doppler: shop\n');
  const before = await dopplerHolds(arena.w, 'dev');
  for (const name of INVALID) is(`${name} is taken for a name of Doppler`, (await bring([...VALID, name])).code === 2);
  is('something was written before all was looked at', isDeepStrictEqual(before, await dopplerHolds(arena.w, 'dev')));
  const { code, out, err } = await bring([...VALID, 'DOPPLER_PROJECT']);
  is(`the import ends with ${code}: ${out}${err}`, code === 0);
  const expected = { ...before, ...Object.fromEntries(VALID.map((name) => [name, valueOf(name)])) };
  is('Doppler holds something else', isDeepStrictEqual(expected, await dopplerHolds(arena.w, 'dev')));
  await becomeOne(arena, is);
  if (neon) await fromNeon(arena, is);
  return { wrong, checks };
}

async function becomeOne(arena: Arena, is: (what: string, right: boolean) => void): Promise<void> {
  const { accountId, workers } = SEED.cloudflare;
  const rename = 'include: [KEY, K_EY], rename: {KEY: __proto__, K_EY: __proto__}';
  await arena.w.yaml(`doppler: shop\ntargets:\n  api: {type: cloudflare, account_id: ${accountId}, worker: ${workers[1]}, ${rename}}\n`);
  const ends: Readonly<Record<string, readonly [words: readonly string[], code: number]>> = {
    sync: [['sync', '-e', 'dev', '--yes'], 2],
    diff: [['diff', '-e', 'dev'], 2],
    env: [['env', '-e', 'dev', '--for', 'api'], 6],
    run: [['run', '-e', 'dev', '--for', 'api', '--', 'true'], 125],
  };
  for (const [command, [words, code]] of Object.entries(ends)) {
    const said = await arena.run(words, false);
    is(`two names become one for ${command}, which ends with ${said.code}`, said.code === code);
  }
}

async function fromNeon(arena: Arena, is: (what: string, right: boolean) => void): Promise<void> {
  const { w } = arena;
  const { id } = await neonProject(w);
  const rename = 'rename: {NEON_HOST: NEON_X, NEON_USER: NEON_X}';
  await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${id}, branch: {dev: dev, prod: main}, ${rename}}\n`);
  const before = await dopplerHolds(w, 'dev');
  const said = await arena.run(['sync', 'db', '-e', 'dev', '--yes', '--allow', 'adopt'], false);
  is(`two names of a source become one, which ends with ${said.code}`, said.code === 2);
  is('something was written of them', isDeepStrictEqual(before, await dopplerHolds(w, 'dev')));
}
