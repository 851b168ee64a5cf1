import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { terminal } from '../e2e/terminal.ts';
import { ROOT, world, YAML, type World } from '../e2e/world.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plantedDcs, type Fault } from './planted.ts';

const NAMES = Array.from({ length: 41 }, (_, index) => `S_${index}`);
const YAML_OF_THEM = `${YAML.replace('["*"]', '["S_*"]')}triggers: [{type: webhook, environment: staging}, {type: ci, environment: staging}]\n`;

/** What happens to the source after a sync of 41 names, and the guard that has to stop the next one. */
const SHRINKS: readonly (readonly [what: string, guard: string | undefined, change: (w: World) => Promise<void>])[] = [
  ['no name is left', 'empty', (w) => without(w, 41)],
  ['51 % of the names are gone', 'shrink', (w) => without(w, 21)],
  ['11 names are gone, of 41', 'shrink', (w) => without(w, 11)],
  ['the filter matches nothing', 'empty', (w) => w.yaml(YAML_OF_THEM.replace('S_*', 'NOTHING_LIKE_IT'))],
  ['no value can be read any more', undefined, (w) => restrict(w, NAMES)],
  ['a quarter of the values cannot be read any more', undefined, (w) => restrict(w, NAMES.slice(0, 10))],
];

const without = (w: World, count: number): Promise<void> =>
  w.doppler('stg', Object.fromEntries(NAMES.slice(0, count).map((name) => [name, null])));

/** A person's token reads null for what is restricted. */
async function restrict(w: World, names: readonly string[]): Promise<void> {
  const changes = names.map((name) => ({ name, originalName: name, value: `new-of-${name}`, visibility: 'restricted' }));
  const answer = await fetch(`${w.origin}/v3/configs/config/secrets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
    body: JSON.stringify({ project: 'shop', config: 'stg', change_requests: changes }),
  });
  expect(answer.status).to.equal(200);
}

const CI = { CI: 'true', GITHUB_ACTIONS: 'true' };
/** Ways to ask for a sync that consent to everything but the guard itself. */
const ASKED: readonly (readonly [how: string, words: readonly string[], env?: Record<string, string>])[] = [
  ['--yes', ['--yes']],
  ['--yes in CI', ['--yes'], CI],
  ['--yes --prune', ['--yes', '--prune']],
  ['--yes --prune in CI', ['--yes', '--prune'], CI],
  ['every other consent', ['--yes', '--prune', ...['delete', 'rewrite', 'adopt'].flatMap((guard) => ['--allow', guard])]],
  ['a trigger', ['--trigger', 'webhook']],
  ['a trigger in CI', ['--trigger', 'ci'], CI],
];

async function writes(w: World): Promise<number> {
  return (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET').length;
}

interface Verdict {
  readonly stopped: boolean;
  readonly said: string;
}

/** Whether a sync wrote nothing, and was refused where a guard has to refuse it. */
async function asked(
  w: World,
  guard: string | undefined,
  words: readonly string[],
  env: Record<string, string>,
  root?: string,
): Promise<Verdict> {
  const before = await writes(w);
  const ran = await w.dcs(['sync', '-e', 'staging', ...words], { env, ...(root === undefined ? {} : { root }) });
  const said = `${ran.code} ${ran.out}${ran.err}`;
  const refused = guard === undefined || (ran.code === 7 && said.includes(`guard: ${guard}`));
  return { stopped: refused && (await writes(w)) === before, said };
}

/** At a terminal, where every question is answered with no. */
async function answeredNo(w: World, words: readonly string[]): Promise<Verdict> {
  const before = await writes(w);
  const run = terminal(process.execPath, [join(ROOT, 'bin', 'run.js'), 'sync', '-e', 'staging', ...words], { cwd: w.project, env: w.env });
  await run.until('Go on?');
  run.type('n\r');
  const code = await run.ended;
  return { stopped: code === 7 && (await writes(w)) === before, said: run.shown() };
}

async function synced(): Promise<World> {
  const w = await world();
  await w.yaml(YAML_OF_THEM);
  await w.doppler('stg', Object.fromEntries(NAMES.map((name) => [name, `of-${name}`])));
  const first = await w.dcs(['sync', '-e', 'staging', '--yes']);
  expect(first.code, first.err).to.equal(0);
  return w;
}

const FAULTS: readonly (Fault & { readonly shrink: number; readonly ask: number })[] = [
  {
    what: 'no guard of what is empty',
    edits: [['sdk/src/guard.ts', "if (wanted.length === 0) add('empty'", "if (wanted.length < 0) add('empty'"]],
    shrink: 0,
    ask: 0,
  },
  {
    what: 'no guard of what shrinks',
    edits: [['sdk/src/guard.ts', 'gone.length > 10 || (gone.length >= 2 &&', 'gone.length > 1000 && (gone.length >= 2 &&']],
    shrink: 1,
    ask: 0,
  },
  {
    what: '--yes for every guard',
    edits: [['src/consent.ts', 'plan ? [] : findings.filter', 'plan || true ? [] : findings.filter']],
    shrink: 1,
    ask: 2,
  },
  {
    what: 'withheld is empty',
    edits: [['src/doppler/source.ts', "return { state: 'withheld' };", "return { state: 'value', secret: new Secret('') };"]],
    shrink: 5,
    ask: 0,
  },
];

describe('an empty or shrunken source', function () {
  this.timeout(600_000);

  it('writes nothing without a consent of its own', async () => {
    const seconds = stopwatch();
    let tried = 0;
    for (const [what, guard, change] of FULL ? SHRINKS : SHRINKS.slice(1, 2)) {
      const w = await synced();
      try {
        await change(w);
        await w.dcs(['trust']);
        for (const [how, words, env = {}] of FULL ? ASKED : ASKED.slice(3, 4)) {
          const { stopped, said } = await asked(w, guard, words, env);
          tried++;
          expect(stopped, `${what}, ${how}: ${said}`).to.equal(true);
        }
        if (guard !== undefined) {
          const { stopped, said } = await answeredNo(w, FULL ? ['--prune'] : []);
          tried++;
          expect(stopped, `${what}, at a terminal: ${said}`).to.equal(true);
          const meant = await w.dcs(['sync', '-e', 'staging', '--yes', '--allow', 'empty', '--allow', 'shrink']);
          expect(meant.code, meant.err).to.equal(0);
        }
        expect(await w.worker('S_0'), what).to.equal('of-S_0');
      } finally {
        await w.close();
      }
    }
    const found: string[] = [];
    const planted = FULL ? FAULTS : FAULTS.slice(1, 2);
    for (const fault of planted) {
      const w = await synced();
      try {
        const [, guard, change] = SHRINKS[fault.shrink]!;
        const [, words, env = {}] = ASKED[fault.ask]!;
        await change(w);
        if ((await asked(w, guard, words, env)).stopped && !(await asked(w, guard, words, env, await plantedDcs(['sync'], fault))).stopped)
          found.push(fault.what);
      } finally {
        await w.close();
      }
    }
    expect(found).to.deep.equal(planted.map(({ what }) => what));
    evidence(6, {
      figure: `${SHRINKS.length} ways to shrink, asked for in ${ASKED.length} ways and at a terminal: ${tried} syncs, 0 writes`,
      met: true,
      seconds: seconds(),
      planted: planted.length,
      caught: found.length,
    });
  });
});
