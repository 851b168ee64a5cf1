import { expect } from 'chai';
import { DcsError, oneByOne, Secret, type Entry, type Outcome, type Target, type Write } from 'dcs-sdk';
import { testTarget, type World } from 'dcs-sdk/testing';
import definition from '../../plugins/_template/src/target.ts';
import { fresh } from '../../plugins/_template/test/world.ts';

/** The laws a world breaks, each run as a runner would; of those that begin so, and there must be one. */
async function broken(mutate: (world: World) => World, beginning = ''): Promise<string[]> {
  const laws: { title: string; body: () => Promise<void> }[] = [];
  const collect = (title: string, body: () => Promise<void>): void => {
    if (title.startsWith(beginning)) laws.push({ title, body });
  };
  testTarget(collect, { definition, fresh: async () => mutate(await fresh()) });
  expect(laws, beginning).to.not.have.length(0);
  const red = await Promise.all(
    laws.map(({ title, body }) =>
      body().then(
        () => [],
        () => [title],
      ),
    ),
  );
  return red.flat();
}

const retarget = (change: (target: Target, world: World) => Partial<Target>) => (world: World) => {
  const wrap = (target: Target): Target => ({ ...target, ...change(target, world) });
  return {
    ...world,
    target: wrap(world.target),
    aborted: wrap(world.aborted),
    another: () => wrap(world.another()),
    missing: () => wrap(world.missing()),
  };
};
const entries = (change: (all: readonly Entry[]) => readonly Entry[]) =>
  retarget((target) => ({
    async list(since) {
      const listing = await target.list(since);
      return { ...listing, entries: change(listing.entries) };
    },
  }));
const changes = (change: (all: readonly Write[]) => readonly Write[]) =>
  retarget((target) => ({ write: (all) => target.write(change(all)) }));
const outcomes = (change: (all: Outcome[], sent: readonly Write[]) => Outcome[]) =>
  retarget((target) => ({ write: async (all) => change(await target.write(all), all) }));
const emptyOn = (wrong: (error: DcsError) => boolean) =>
  retarget((target) => ({
    list: (since) =>
      target.list(since).catch((error: DcsError) => {
        if (wrong(error)) return { entries: [] };
        throw error;
      }),
  }));
const without = <Thing extends object>(thing: Thing, key: keyof Thing): Thing => ({ ...thing, [key]: undefined });
const valueOf = (change: Write | undefined): string => (change !== undefined && 'secret' in change ? change.secret.reveal() : '');
const withValue = (alter: (value: string) => string) =>
  changes((all) => all.map((change) => ('secret' in change ? { ...change, secret: new Secret(alter(change.secret.reveal())) } : change)));

/** Ways to get a target wrong, and the law that must notice. */
const MUTANTS: readonly [what: string, law: string, mutate: (world: World) => World][] = [
  ['an empty list on 401', 'a refused credential is AUTH', emptyOn((error) => error.code === 'AUTH')],
  ['an empty list on 404', 'its identity is stable', emptyOn((error) => error.details.status === 404)],
  ['an empty list on 429', 'a rate limit to the end', emptyOn((error) => error.details.status === 429)],
  ['an empty list on 500', 'a server error is never', emptyOn((error) => error.details.status === 500)],
  ['an empty list from half an answer', 'a truncated answer', emptyOn((error) => error.code === 'NETWORK' && !error.details.status)],
  ['a list that gives up on endless pages', 'pages without an end', emptyOn((error) => error.details.applied === 'unknown')],
  ['only the first page', 'it lists every page', entries((all) => all.slice(0, 50))],
  ['a name twice', 'it lists what was written, each name once', entries((all) => [...all, ...all])],
  [
    'a ghost in an empty target',
    'an empty target',
    entries((all) => (all.length === 0 ? [{ name: 'GHOST', value: new Secret('') }] : all)),
  ],
  ['no values, against supports', 'it lists what was written', entries((all) => all.map((entry) => without(entry, 'value')))],
  ['values from somewhere else', 'it lists what was written', entries((all) => all.map((entry) => ({ ...entry, value: new Secret('x') })))],
  [
    'every name marked as created',
    'a mark comes back',
    entries((all) => all.map((one) => ({ ...one, mark: { owner: 'abc123', created: true } }))),
  ],
  ['marks that are lost', 'a mark comes back', entries((all) => all.map((entry) => without(entry, 'mark')))],
  ['a trail that stands still', 'the trail shows', entries((all) => all.map((entry) => ({ ...entry, trail: [{ id: 'always' }] })))],
  ['the name for a birth', 'a name that is made again', entries((all) => all.map((entry) => ({ ...entry, birth: entry.name })))],
  ['trimmed values', 'a value arrives byte for byte', withValue((value) => value.trim())],
  ['values with Unix line ends', 'a value arrives byte for byte', withValue((value) => value.replaceAll('\r\n', '\n'))],
  ['updates that are dropped', 'an update replaces', changes((all) => all.filter((change) => change.action !== 'update'))],
  ['a full batch cut in half', 'one write takes a full batch', changes((all) => all.slice(0, 5))],
  ['a missing outcome', 'every change has exactly one outcome', outcomes((all) => all.filter((_, index) => index > 0))],
  ['an outcome twice', 'every change has exactly one outcome', outcomes((all) => [...all, ...all])],
  ['done in spite of a refusal', 'a refused credential is AUTH', outcomes((all) => all.map(({ name }) => ({ name, result: 'done' })))],
  [
    'unknown under a rate limit',
    'a rate limit to the end',
    outcomes((all) => all.map((one) => (one.result === 'failed' ? { ...one, result: 'unknown' } : one))),
  ],
  [
    'done in spite of a 500',
    'a server error is never',
    outcomes((all) => all.map((one) => (one.result === 'unknown' ? { ...one, result: 'done' } : one))),
  ],
  [
    'failed for a lost answer',
    'a lost answer',
    outcomes((all) => all.map((one) => (one.result === 'unknown' ? { ...one, result: 'failed' } : one))),
  ],
  [
    'a value in an error',
    'no value is in an outcome',
    outcomes((all, sent) =>
      all.map((one, index) =>
        one.result === 'done' ? one : { ...one, error: new DcsError('TARGET', `cannot write ${valueOf(sent[index])}`) },
      ),
    ),
  ],
  [
    'a value in an outcome',
    'no value is in an outcome',
    outcomes((all, sent) => all.map((one, index) => ({ ...one, revision: valueOf(sent[index]) }))),
  ],
  [
    'a delete that takes strangers along',
    'a delete removes what it names',
    retarget((target) => ({
      async write(all) {
        const { entries: held } = all.some((change) => change.action === 'delete') ? await target.list(new Set()) : { entries: [] };
        const foreign = held.filter((entry) => entry.mark === undefined).map(({ name }): Write => ({ action: 'delete', name }));
        const result = await target.write([...all, ...foreign.filter(({ name }) => all.every((change) => change.name !== name))]);
        return result.slice(0, all.length);
      },
    })),
  ],
  [
    'a write that rewrites another name',
    'a write touches no other name',
    retarget((target) => ({
      async write(all) {
        const other = all.some((change) => change.action === 'update') ? (await target.list(new Set())).entries : [];
        const also = other.filter(({ name }) => all.every((change) => change.name !== name)).slice(0, 1);
        const result = await target.write(all);
        await target.write(also.map(({ name, value = new Secret('') }): Write => ({ action: 'update', name, secret: value })));
        return result;
      },
    })),
  ],
  [
    'an update by delete and create',
    'an update replaces',
    retarget((target) => ({
      async write(all) {
        await target.write(all.filter((change) => change.action === 'update').map(({ name }): Write => ({ action: 'delete', name })));
        return target.write(all);
      },
    })),
  ],
  [
    'a write that throws',
    'a refused credential is AUTH',
    retarget((target) => ({
      async write(all) {
        const result = await target.write(all);
        for (const { error } of result) if (error !== undefined) throw error;
        return result;
      },
    })),
  ],
  [
    'an identity of every container',
    'its identity is stable',
    retarget(() => ({ identify: async () => ({ id: 'constant', title: 'constant' }) })),
  ],
  [
    'another identity each time',
    'its identity is stable',
    retarget(() => ({ identify: async () => ({ id: String(Math.random()), title: 'x' }) })),
  ],
  ['an interruption that is not heard', 'an interrupted sync', (world) => ({ ...world, aborted: world.target })],
  [
    'an interruption reported as done',
    'an interrupted sync',
    (world) => ({
      ...world,
      aborted: {
        ...world.aborted,
        write: oneByOne(
          async () => {},
          async () => {},
        ),
      },
    }),
  ],
];

describe('the contract kit', () => {
  it('is green for the template', async () => {
    expect(await broken((world) => world)).to.deep.equal([]);
  });

  for (const [what, law, mutate] of MUTANTS)
    it(`is red for ${what}`, async () => {
      expect(await broken(mutate, law)).to.have.length(1);
    });
});
