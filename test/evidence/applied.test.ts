import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { Secret, writes, type PlanItem, type Target, type Write } from 'dcs-sdk';
import type { Look } from '../../src/engine/look.ts';
import type { Kind } from '../engine/cloud.ts';
import { live, type Mutant } from '../engine/history.ts';
import { anyHistory } from '../engine/steps.ts';
import { SHARED_KEY } from '../e2e/machines.ts';
import { world, WORKER, YAML, type World } from '../e2e/world.ts';
import { evidence, FULL, sized, stopwatch } from './evidence.ts';
import { plantedDcs, type Fault } from './planted.ts';

const seed = 20261121;

/** Stands between the engine and the cloud, and holds each change that arrives against the plan that was consented to. */
class Watch {
  readonly wrong: string[] = [];
  syncs = 0;
  changes = 0;
  #planned = new Map<string, PlanItem>();
  #look: Look | undefined;

  readonly look = (look: Look): Look => {
    this.syncs++;
    this.#look = look;
    this.#planned = new Map(writes(look.plan).map((item) => [item.name, item]));
    return look;
  };
  readonly target = (target: Target): Target => ({
    ...target,
    write: (changes) => {
      for (const change of changes) this.#arrives(change);
      return target.write(changes);
    },
  });
  /** After the last sync of a history, which nothing disturbs. */
  ends(): void {
    for (const name of this.#planned.keys()) this.wrong.push(`${name} was planned, and nothing arrived`);
  }

  #arrives(change: Write): void {
    this.changes++;
    const item = this.#planned.get(change.name);
    // Once: what arrives a second time is no longer planned.
    this.#planned.delete(change.name);
    const held = this.#look?.shaped.desired.names.get(change.name)?.held;
    const value = held?.state === 'value' ? held.secret.reveal() : undefined;
    if (item === undefined) this.wrong.push(`${change.action} ${change.name} was not planned`);
    else if (item.action !== change.action) this.wrong.push(`${change.name}: ${item.action} was planned, ${change.action} arrived`);
    else if (change.action !== 'delete' && change.secret.reveal() !== value) this.wrong.push(`${change.name} arrived with another value`);
  }
}

const target = (change: (changes: readonly Write[]) => readonly Write[]): Mutant => ({
  target: (given) => ({
    ...given,
    write: async (changes) => {
      const outcomes = await given.write(change(changes));
      return changes.map(({ name }) => outcomes.find((each) => each.name === name) ?? { name, result: 'done' });
    },
  }),
});
const look = (change: (items: readonly PlanItem[]) => readonly PlanItem[]): Mutant => ({
  look: (given) => ({ ...given, plan: { ...given.plan, items: change(given.plan.items) } }),
});
const MUTANTS: Readonly<Record<string, Mutant>> = {
  'one name more': target((changes) => [...changes, { action: 'delete', name: 'B' }]),
  'one name less': target((changes) => changes.slice(1)),
  'each twice': target((changes) => [...changes, ...changes]),
  'another value': target((changes) =>
    changes.map((change) => (change.action === 'delete' ? change : { ...change, secret: new Secret('canary-other') })),
  ),
  'a delete for an update': target((changes) =>
    changes.map(({ action, name, ...rest }) => (action === 'update' ? { action: 'delete', name } : ({ action, name, ...rest } as Write))),
  ),
  'a plan that grew after the consent': look((items) =>
    items.map((item) => (item.action === 'same' ? { ...item, action: 'update' } : item)),
  ),
  'a plan that shrank after the consent': look((items) => items.filter(({ action }) => action !== 'create')),
};

interface Lived {
  readonly wrong: readonly string[];
  readonly syncs: number;
  readonly changes: number;
}

async function lived(kind: Kind, numRuns: number, mutant: Mutant = {}): Promise<Lived> {
  const planted = Object.keys(mutant).length > 0;
  let [syncs, changes] = [0, 0];
  const wrong: string[] = [];
  await fc
    .check(
      fc.asyncProperty(anyHistory(kind), async (steps) => {
        const watch = new Watch();
        try {
          await live(kind, steps, {
            target: (given) => (mutant.target ?? ((same) => same))(watch.target(given)),
            look: (given) => (mutant.look ?? ((same) => same))(watch.look(given)),
          });
          watch.ends();
        } catch (error) {
          // The other laws of the engine notice much of what is planted here, too; here counts what the watch sees.
          if (!planted) throw error;
          if (mutant.look) watch.ends();
        }
        syncs += watch.syncs;
        changes += watch.changes;
        wrong.push(...watch.wrong);
        if (watch.wrong.length > 0) throw new Error(watch.wrong.join('; '));
      }),
      { seed, numRuns, endOnFailure: true },
    )
    .then(({ failed, errorInstance }) => failed && wrong.length === 0 && wrong.push(String(errorInstance)));
  return { wrong, syncs, changes };
}

const SECRET = { S_A: 'one', S_B: 'two' };
const THEM = YAML.replace('["*"]', '["S_*"]');
const edited =
  (from: string | RegExp, to: string) =>
  async (w: World): Promise<void> => {
    const file = join(w.project, 'p.plan');
    const text = await readFile(file, 'utf8');
    const altered = text.replace(from, to);
    if (altered === text) throw new Error(`${String(from)} is not in the plan`);
    await writeFile(file, altered);
  };
/** What can happen between a saved plan and its use. */
const MOVES: readonly (readonly [what: string, move: (w: World) => Promise<unknown>])[] = [
  ['a value changed in Doppler', (w) => w.doppler('stg', { S_A: 'moved' })],
  ['a name came in Doppler', (w) => w.doppler('stg', { S_NEW: 'x' })],
  ['a name went in Doppler', (w) => w.doppler('stg', { S_B: null })],
  ['somebody wrote a planned name on the target', (w) => w.edit('S_A', 'theirs')],
  ['somebody wrote another name on the target', (w) => w.edit('OTHER', 'theirs')],
  ['a rename in dcs.yaml', (w) => w.yaml(`${THEM}    rename: {S_A: T_A}\n`)],
  ['a prefix in dcs.yaml', (w) => w.yaml(`${THEM}    prefix: P_\n`)],
  ['a policy in dcs.yaml', (w) => w.yaml(`${THEM}    policy: mirror\n`)],
  ['another Worker in dcs.yaml', (w) => w.yaml(THEM.replace('{staging: shop-api-staging, prod: shop-api}', '{staging: shop-api}'))],
  ['the plan was applied already', (w) => w.dcs(['sync', '--plan', 'p.plan', '--yes'])],
  ['another key', (w) => w.doppler('stg', { DCS_LEDGER_KEY: 'k'.repeat(44) })],
  ['an action altered in the file', edited('"action": "create"', '"action": "delete"')],
  ['a name altered in the file', edited('"name": "S_A"', '"name": "S_Z"')],
  ['another environment in the file', edited('"environment": "staging"', '"environment": "prod"')],
  ['a later end in the file', edited(/"expires": "[^"]*"/, '"expires": "2999-01-01T00:00:00.000Z"')],
];

async function wrote(w: World): Promise<number> {
  return (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET').length;
}

async function saved(root?: string): Promise<World> {
  const w = await world();
  await w.yaml(THEM);
  await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY, ...SECRET });
  const ran = await w.dcs(['diff', '-e', 'staging', '--out', 'p.plan'], root === undefined ? {} : { root });
  expect(ran.code, ran.err).to.equal(0);
  return w;
}

/** Whether the plan is refused, and nothing written, once this happened. */
async function refused([, move]: (typeof MOVES)[number], root?: string): Promise<{ stopped: boolean; said: string }> {
  const w = await saved(root);
  try {
    await move(w);
    const before = await wrote(w);
    const ran = await w.dcs(['sync', '--plan', 'p.plan', '--yes'], root === undefined ? {} : { root });
    return { stopped: [2, 6].includes(ran.code ?? -1) && (await wrote(w)) === before, said: ran.out + ran.err };
  } finally {
    await w.close();
  }
}

const FAULTS: readonly (Fault & { readonly move: number })[] = [
  {
    what: 'a stale plan holds',
    edits: [['src/engine/saved-plan.ts', 'if (stale.length === 0 && plan.targets.length === looks.length) return;', 'return;']],
    move: 0,
  },
  {
    what: 'the values are not part of the seal',
    edits: [['src/engine/saved-plan.ts', '    wantedMacs(look, key),\n', '']],
    move: 0,
  },
  {
    what: 'the file is not sealed',
    edits: [['src/engine/saved-plan.ts', "if (keys.all.some((key) => key.seal('plan-file', body) === seal)) return;", 'return;']],
    move: 11,
  },
];

describe('a sync', function () {
  this.timeout(1_800_000);

  it('does what was planned, and a plan that is stale is refused', async () => {
    const seconds = stopwatch();
    let [syncs, changes] = [0, 0];
    for (const kind of ['write-only', 'readable', 'marked'] as const) {
      const done = await lived(kind, sized(30, 500));
      expect(done.wrong).to.deep.equal([]);
      syncs += done.syncs;
      changes += done.changes;
    }
    const found: string[] = [];
    for (const [what, mutant] of Object.entries(MUTANTS))
      if ((await lived('write-only', sized(120, 200), mutant)).wrong.length > 0) found.push(what);
    expect(found).to.deep.equal(Object.keys(MUTANTS));
    const moves = FULL ? MOVES : MOVES.slice(0, 1);
    for (const move of moves) {
      const { stopped, said } = await refused(move);
      expect(stopped, `${move[0]}: ${said}`).to.equal(true);
    }
    const faults = FULL ? FAULTS : FAULTS.slice(0, 1);
    for (const fault of faults)
      if (!(await refused(MOVES[fault.move]!, await plantedDcs(['sync', 'diff'], fault))).stopped) found.push(fault.what);
    expect(found.slice(Object.keys(MUTANTS).length)).to.deep.equal(faults.map(({ what }) => what));
    evidence(35, {
      figure: `${syncs.toLocaleString('en')} syncs of random histories, ${changes.toLocaleString('en')} changes: each as planned, once, with the planned value; ${MOVES.length} of ${MOVES.length} ways to make a saved plan stale refused, 0 writes`,
      met: true,
      seed,
      seconds: seconds(),
      planted: Object.keys(MUTANTS).length + faults.length,
      caught: found.length,
    });
  });

  it('applies a saved plan to the names of it, and to no other', async () => {
    const w = await saved();
    try {
      const { targets } = JSON.parse(await readFile(join(w.project, 'p.plan'), 'utf8')) as { targets: { changes: { name: string }[] }[] };
      expect(targets.flatMap(({ changes }) => changes.map(({ name }) => name))).to.deep.equal(Object.keys(SECRET));
      const ran = await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
      expect(ran.code, ran.err).to.equal(0);
      for (const [name, value] of Object.entries(SECRET)) expect(await w.worker(name)).to.equal(value);
      expect(await w.worker('STRIPE_KEY', WORKER)).to.equal(undefined);
      expect(await wrote(w)).to.equal(1);
    } finally {
      await w.close();
    }
  });
});
