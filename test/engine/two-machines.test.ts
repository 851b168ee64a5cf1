import { expect } from 'chai';
import fc from 'fast-check';
import { Secret, type Target } from 'dcs-sdk';
import { apply, runId } from '../../src/engine/apply.ts';
import type { Job } from '../../src/engine/job.ts';
import { sharedKeys } from '../../src/engine/key.ts';
import { sharedHome } from '../../src/engine/ledger-shared.ts';
import type { LedgerHome } from '../../src/engine/ledger-types.ts';
import type { SharedStore } from '../../src/engine/shared-store.ts';
import { survey } from '../../src/engine/survey.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';
import { surveyAlone } from '../../src/planning.ts';
import { Cloud, Doppler, Life, type Kind } from './cloud.ts';

const NAMES = ['A', 'B', 'C', 'D', 'E'];
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('set' as const), name: fc.constantFrom(...NAMES), value: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), name: fc.constantFrom(...NAMES) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('both sync' as const),
      /** How long each operation of either machine takes, in turns of the event loop. */
      pace: fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
      /** Each brings its own half of the names. */
      halves: fc.boolean(),
      /** After so many operations the first machine dies. */
      dies: fc.option(fc.nat(25), { nil: undefined }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const keys = sharedKeys('k'.repeat(40));
const transforms = await compileTransforms(new Map());

/** Texts in memory, each machine with what it read last, as at Doppler. */
class Store {
  readonly texts = new Map<string, string>();
  readonly guarded: boolean;
  constructor(guarded: boolean) {
    this.guarded = guarded;
  }
  open(turn: () => Promise<void>): SharedStore {
    const last = new Map<string, string | undefined>();
    return {
      title: 'memory',
      prepare: async () => {},
      read: async (names) => {
        await turn();
        for (const name of names) last.set(name, this.texts.get(name));
        return new Map(names.flatMap((name) => (this.texts.has(name) ? [[name, this.texts.get(name)!]] : [])));
      },
      swap: async (name, text) => {
        await turn();
        if (this.guarded && this.texts.get(name) !== last.get(name)) return false;
        last.set(name, text);
        if (text === undefined) this.texts.delete(name);
        else this.texts.set(name, text);
        return true;
      },
    };
  }
}

class Team {
  readonly cloud: Cloud;
  readonly doppler = new Doppler();
  readonly store: Store;

  constructor(kind: Kind, guarded: boolean) {
    this.cloud = new Cloud(kind);
    this.store = new Store(guarded);
  }

  /** A new process on one of the machines. */
  job(life: Life, turn: () => Promise<void>, only?: ReadonlySet<string>): Job {
    const home = sharedHome({ store: this.store.open(turn), keys, pace: { deadAfterMs: 60, pollMs: 2 } });
    const living: LedgerHome = {
      ...home,
      load: (place) => life.live(() => home.load(place)),
      save: (ledger, at) => life.live(() => home.save(ledger, at)),
    };
    const target = this.cloud.target(life, () => {});
    const slow: Target = {
      ...target,
      list: async (since) => (await turn(), target.list(since)),
      write: async (changes) => (await turn(), target.write(changes)),
    };
    return {
      name: 'cloud',
      environment: 'prd',
      definition: this.cloud.definition,
      target: slow,
      place: 'cloud.invalid/cloud/prd',
      owner: this.doppler.source.identity,
      settings: { policy: 'mirror', existing: 'ask' },
      rules: { include: ['*'], exclude: [], transforms, rename: new Map(), prefix: '', credentials: new Set(), ...(only ? { only } : {}) },
      home: living,
      keys,
    };
  }

  async sync(life: Life, turn: () => Promise<void>, only?: ReadonlySet<string>): Promise<void> {
    const job = this.job(life, turn, only);
    for (let round = 1; round <= 6; round++) {
      const [surveyed] = await surveyAlone([job], { signal: new AbortController().signal, say: () => {} }, () =>
        survey(this.doppler.source, [job]),
      );
      if (!surveyed || 'error' in surveyed) throw surveyed?.error;
      const adopts = surveyed.look.findings.find(({ guard }) => guard === 'adopt');
      if (adopts) throw new Error(`${adopts.names.join(', ')} was written by a machine of the team, and its adoption was asked for`);
      const { clash } = await apply(surveyed.look, runId(), 'you', new AbortController().signal, () => new Date());
      if (!clash) return;
    }
  }
}

const at = (pace: readonly number[]): (() => Promise<void>) => {
  let count = 0;
  return async () => {
    for (let turns = pace[count++ % pace.length]!; turns > 0; turns--) await new Promise(setImmediate);
  };
};
const atOnce = at([0]);

async function live(kind: Kind, steps: readonly Step[], guarded = true): Promise<void> {
  const team = new Team(kind, guarded);
  team.cloud.names.set('STRANGER', { value: 'x', maker: 'stranger', writer: 'stranger' });
  team.doppler.set('Z', { state: 'value', secret: new Secret('always') });
  for (const each of steps) {
    if (each.does === 'set') team.doppler.set(each.name, { state: 'value', secret: new Secret(`value-${each.value}`) });
    else if (each.does === 'remove') team.doppler.remove(each.name);
    else {
      const life = new Life(each.dies ?? Infinity);
      const dead = (error: unknown): void => {
        if (!life.over) throw error;
      };
      const [one, other] = each.halves ? [new Set(NAMES.slice(0, 3)), new Set([...NAMES.slice(3), 'Z'])] : [];
      await Promise.all([
        team.sync(life, at(each.pace), one).catch(dead),
        team.sync(new Life(Infinity), at(each.pace.toReversed()), other),
      ]);
    }
  }
  await team.sync(new Life(Infinity), atOnce);
  await team.sync(new Life(Infinity), atOnce); // a process that died may have left a delete for the next one
  const job = team.job(new Life(Infinity), atOnce);
  const [surveyed] = await survey(team.doppler.source, [job]);
  if (!surveyed || 'error' in surveyed) throw surveyed?.error;
  const left = surveyed.look.plan.items.filter(({ action }) => action !== 'same' && action !== 'foreign');
  if (left.length > 0) throw new Error(`left: ${left.map(({ name, action, reason }) => `${action} ${name} (${reason})`).join(', ')}`);
  if (team.cloud.names.get('STRANGER')?.writer !== 'stranger') throw new Error('a stranger was overwritten or deleted');
  for (const name of team.doppler.names.keys())
    if (team.cloud.names.get(name)?.value !== team.doppler.value(name)) throw new Error(`${name} does not stand`);
}

for (const kind of ['write-only', 'readable'] as const)
  describe(`two machines on a ${kind} cloud, one shared record`, () => {
    it('converge, ask nothing of what either wrote, and touch no stranger', () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => live(kind, steps)),
        { seed: 20261121, numRuns: 400 },
      ));
  });

describe('two machines, one record that takes every write', () => {
  it('lose an entry', async () => {
    const found = await fc.check(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => live('write-only', steps, false)),
      { seed: 20261121, numRuns: 1000, endOnFailure: true },
    );
    expect(found.failed).to.equal(true);
  });
});
