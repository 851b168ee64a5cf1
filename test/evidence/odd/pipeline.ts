import { isDeepStrictEqual } from 'node:util';
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Secret, writes } from 'dcs-sdk';
import type { Look } from '../../../src/engine/look.ts';
import { Cloud, Doppler, Life, type Kind } from '../../engine/cloud.ts';
import { anyName } from './names.ts';

export type Engine = typeof import('./engine.ts');

/** A source, a platform with names of strangers, and rules between them. */
interface Case {
  readonly kind: Kind;
  readonly secrets: readonly string[];
  readonly strangers: readonly string[];
  readonly exclude: readonly string[];
  readonly rename: readonly (readonly [from: string, to: string])[];
  readonly prefix: string;
  readonly foldsCase: boolean;
  /** Doppler's names that a second run is about; undefined: all. */
  readonly only: readonly string[] | undefined;
}

const names = (most: number): fc.Arbitrary<string[]> => fc.uniqueArray(anyName, { maxLength: most });
/** Often to one that is there, or to one that others are renamed to. */
const renames = (secrets: readonly string[]): fc.Arbitrary<[from: string, to: string][]> =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...secrets), fc.oneof(anyName, fc.constantFrom('__proto__', '0', ...secrets))), {
    maxLength: 3,
    selector: ([from]) => from,
  });
const anyCase: fc.Arbitrary<Case> = fc.uniqueArray(anyName, { minLength: 1, maxLength: 10 }).chain((secrets) =>
  fc.record({
    kind: fc.constantFrom<Kind>('write-only', 'readable', 'marked'),
    secrets: fc.constant(secrets),
    strangers: names(4),
    exclude: names(2),
    rename: fc.oneof(fc.constant([]), renames(secrets)),
    prefix: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('__', '0', 'X_') }),
    foldsCase: fc.boolean(),
    only: fc.option(fc.oneof(names(3), fc.subarray(secrets)), { nil: undefined }),
  }),
);

const PLACE = 'cloud.invalid/cloud/stg';
const environment = 'stg';
const valueOf = (name: string): string => `value of ${name}`;
const theirs = (name: string): string => `theirs: ${name}`;

/** By other means than the engine's: what the platform calls each name, and which of them meet. */
function model({ secrets, exclude, rename, prefix, foldsCase }: Case): {
  there: Map<string, string>;
  left: Set<string>;
  meet: (asked: readonly string[]) => Set<string>;
} {
  const chosen = secrets.filter((name) => !exclude.includes(name) && !/^(DOPPLER_|DCS_)/.test(name));
  const called = (from: string): string => prefix + (rename.findLast(([name]) => name === from)?.[1] ?? from);
  const folded = (from: string): string => (foldsCase ? called(from).toUpperCase() : called(from));
  const meet = (asked: readonly string[]): Set<string> =>
    new Set(chosen.filter((a) => chosen.some((b) => a !== b && folded(a) === folded(b) && (asked.includes(a) || asked.includes(b)))));
  const left = new Set(secrets.filter((name) => !chosen.includes(name)).map(called));
  return { there: new Map(chosen.map((from) => [from, called(from)])), left, meet };
}

export interface Odd {
  readonly wrong: readonly string[];
  readonly names: number;
  readonly collisions: number;
}

/** Many cases; ends at the first that is wrong. */
export async function pipelines(engine: Engine, numRuns: number, seed: number): Promise<Odd> {
  const sum = { names: 0, collisions: 0 };
  const { failed, counterexample, errorInstance } = await fc.check(
    fc.asyncProperty(anyCase, async (one) => {
      const stateDir = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dcs-odd-'));
      try {
        const { collided } = await new Pipeline(engine, one, stateDir).live();
        sum.names += one.secrets.length;
        if (collided) sum.collisions++;
      } finally {
        await rm(stateDir, { recursive: true });
      }
    }),
    { numRuns, seed, endOnFailure: true },
  );
  return { ...sum, wrong: failed ? [`${String(errorInstance)} ${JSON.stringify(counterexample)}`] : [] };
}

function equal(what: string, a: unknown, b: unknown): void {
  if (isDeepStrictEqual(a, b)) return;
  const [found, wanted] = [a, b].map((each) => JSON.stringify(each instanceof Map || each instanceof Set ? [...each] : each));
  throw new Error(`${what}: ${found}, not ${wanted}`);
}

class Pipeline {
  readonly #engine: Engine;
  readonly #case: Case;
  readonly #stateDir: string;
  readonly #cloud: Cloud;
  readonly #doppler = new Doppler();

  constructor(engine: Engine, one: Case, stateDir: string) {
    this.#engine = engine;
    this.#case = one;
    this.#stateDir = stateDir;
    this.#cloud = new Cloud(one.kind);
    for (const name of one.strangers)
      this.#cloud.names.set(name, { value: theirs(name), maker: 'stranger', writer: 'stranger', trail: this.#cloud.grown(name) });
  }

  async live(): Promise<{ collided: boolean }> {
    const { strangers, secrets, only } = this.#case;
    const { there, left, meet } = model(this.#case);
    const collided = meet(secrets).size > 0;
    const [late, ...early] = secrets;
    // One name comes later: what collides then may stand there already.
    for (const name of early) this.#sets(name);
    await this.#sync();
    const before = model({ ...this.#case, secrets: early });
    const expected = new Map(strangers.map((name) => [name, theirs(name)]));
    if (before.meet(early).size === 0) for (const [from, to] of before.there) expected.set(to, valueOf(from));
    equal('what stands there at first', this.#standing(), expected);
    this.#sets(late!);
    if (!collided) for (const [from, to] of there) expected.set(to, valueOf(from));

    const first = await this.#look();
    equal('the plan tells what collides', new Set(first.plan.collisions), meet(secrets));
    if (collided) equal('writes of a plan with collisions', writes(first.plan), []);
    await this.#saved(first);
    await this.#engine.apply(first, this.#engine.runId(), 'you', new AbortController().signal, () => new Date());
    equal('what stands there', this.#standing(), expected);

    // The second time Doppler says that nothing changed.
    const again = await this.#look();
    equal('the next plan tells what collides', new Set(again.plan.collisions), meet(secrets));
    equal('what is left to do', writes(again.plan), []);
    if (only !== undefined) {
      const part = await this.#look(new Set(only));
      equal('the plan of a part tells what collides', new Set(part.plan.collisions), meet(only));
      // Where others collide, this part may well be written.
      if (!collided || meet(only).size > 0) equal('what is left to do in part', writes(part.plan), []);
    }
    // What Doppler has no more goes where dcs made it, and nothing else.
    const gone = [...there].find(([from]) => secrets.includes(from));
    if (collided || gone === undefined) return { collided };
    this.#doppler.remove(gone[0]);
    await this.#sync();
    // Where a name that the rules leave out is called so, nothing tells that it is not that one's.
    if (!strangers.includes(gone[1]) && !left.has(gone[1])) expected.delete(gone[1]);
    equal('what stands there without it', this.#standing(), expected);
    return { collided };
  }

  #sets(name: string): void {
    this.#doppler.set(name, { state: 'value', secret: new Secret(valueOf(name)) });
  }

  async #sync(): Promise<void> {
    await this.#engine.apply(await this.#look(), this.#engine.runId(), 'you', new AbortController().signal, () => new Date());
  }

  #standing(): Map<string, string> {
    return new Map([...this.#cloud.names].map(([name, { value }]) => [name, value]));
  }

  async #look(only?: ReadonlySet<string>): Promise<Look> {
    const { rename, exclude, prefix, foldsCase } = this.#case;
    const { ownKey, machineHome, compileTransforms, survey } = this.#engine;
    const active = await ownKey(this.#stateDir, environment);
    const keys = { active, all: [active] };
    const { definition } = this.#cloud;
    const job = {
      name: 'cloud',
      environment,
      definition: { ...definition, limits: { ...definition.limits, foldsCase } },
      target: this.#cloud.target(new Life(Infinity), () => {}),
      place: PLACE,
      owner: this.#doppler.source.identity,
      settings: { policy: 'mirror', existing: 'replace' } as const,
      rules: {
        include: ['*'],
        exclude,
        transforms: await compileTransforms(new Map()),
        rename: new Map(rename),
        prefix,
        credentials: new Set<string>(),
        ...(only === undefined ? {} : { only }),
      },
      home: machineHome({ stateDir: this.#stateDir, keys }),
      keys,
    };
    const [surveyed] = await survey(this.#doppler.source, [job]);
    if (!surveyed || 'error' in surveyed) throw surveyed?.error;
    return surveyed.look;
  }

  /** Into a file and back. */
  async #saved(look: Look): Promise<void> {
    const { savePlan, readPlan, refuseForged, staleTargets } = this.#engine;
    const file = join(this.#stateDir, 'x.plan');
    await savePlan(file, { environment, filters: { only: [], except: [], prune: true } }, [look], look.job.keys.active, new Date());
    const plan = await readPlan(file);
    refuseForged(plan, look.job.keys, file);
    equal('targets that a saved plan holds for no more', staleTargets(plan, [look], look.job.keys), []);
    equal(
      'the changes of a saved plan',
      plan.targets[0]!.changes.map(({ action, name }) => [action, name]),
      writes(look.plan).map(({ action, name }) => [action, name]),
    );
  }
}
