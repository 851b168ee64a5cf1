import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { isDcsError } from '../error.ts';
import type { Outcome } from '../target.ts';
import { create, done, listed, NONE, refused, update } from './ground.ts';
import type { Fault, Law } from './world.ts';

const CANARY = 'canary-7d1f-value';
const MOST_REQUESTS = 1000;

export const failures: readonly Law[] = [
  {
    title: 'a refused credential is AUTH, never an empty cloud',
    async body(world, on) {
      const [name = '', other = ''] = on.names(2);
      await done(world.target, on, [create(name, 'a')]);
      await world.fault('unauthorized');
      assert.equal((await refused('list() with a refused credential', () => world.target.list(NONE))).code, 'AUTH');
      assert.equal((await refused('identify() with a refused credential', () => world.target.identify())).code, 'AUTH');
      const outcome = only(await world.target.write([create(other, 'b')]));
      assert.equal(outcome.result, 'failed');
      assert.ok(isDcsError(outcome.error) && outcome.error.code === 'AUTH', 'the outcome does not say AUTH');
    },
  },
  {
    title: 'no value is in an outcome or an error',
    async body(world, on) {
      const { target } = world;
      const [name = '', other = ''] = on.names(2);
      const seen: unknown[] = [await target.write([create(name, CANARY)]), await target.list(NONE)];
      for (const kind of ['error', 'rate-limit', 'unauthorized', 'reset-after-commit', 'truncate'] as const satisfies Fault[]) {
        await world.fault(kind);
        seen.push(await target.write([create(other, CANARY)]), await target.write([update(name, `${CANARY}-2`)]));
        seen.push(await target.list(NONE).catch((error: unknown) => error));
      }
      for (const thing of seen) assert.ok(!words(thing).includes(CANARY), 'a value got out');
    },
  },
  {
    title: 'a rate limit to the end is NETWORK, and certainly wrote nothing',
    async body(world, on) {
      const [name = ''] = on.names(1);
      await world.fault('rate-limit');
      assert.equal((await refused('list() under a rate limit', () => world.target.list(NONE))).code, 'NETWORK');
      assert.equal(only(await world.target.write([create(name, 'a')])).result, 'failed');
      assert.equal(await world.peek(name), undefined);
    },
  },
  {
    title: 'a server error is never taken for an answer',
    async body(world, on) {
      const [name = '', other = ''] = on.names(2);
      await done(world.target, on, [create(name, 'a')]);
      await world.fault('error');
      await refused('list() of a broken server', () => world.target.list(NONE));
      assert.ok(['failed', 'unknown'].includes(only(await world.target.write([create(other, 'b')])).result), 'neither failed nor unknown');
      assert.equal(await world.peek(name), 'a');
    },
  },
  {
    title: 'a lost answer is not a failure',
    async body(world, on) {
      const [name = ''] = on.names(1);
      await world.fault('reset-after-commit');
      const { result } = only(await world.target.write([create(name, 'a')]));
      const applied = (await world.peek(name)) === 'a';
      const honest = applied ? ['unknown', 'done'] : ['unknown', 'failed'];
      assert.ok(honest.includes(result), `it says ${result}, and the value is ${applied ? '' : 'not '}there`);
    },
  },
  {
    title: 'a truncated answer is never a short list',
    async body(world, on) {
      await done(world.target, on, [create(on.names(1)[0] ?? '', 'a')]);
      await world.fault('truncate');
      await refused('list() of a truncated answer', () => world.target.list(NONE));
    },
  },
  {
    title: 'pages without an end are an error',
    async body(world, on) {
      if (!world.paged) return;
      await done(world.target, on, [create(on.names(1)[0] ?? '', 'a')]);
      await world.fault('endless-paging');
      const before = world.requests();
      await refused('list() of endless pages', () => world.target.list(NONE));
      assert.ok(world.requests() - before <= MOST_REQUESTS, `it took more than ${MOST_REQUESTS} requests`);
    },
  },
  {
    title: 'an interrupted sync writes nothing more',
    async body(world, on) {
      const [name = ''] = on.names(1);
      const { result } = only(await world.aborted.write([create(name, 'a')]));
      assert.equal(await world.peek(name), undefined);
      assert.ok(result === 'skipped' || result === 'failed', `it says ${result}`);
      assert.deepEqual(await listed(world.target), []);
    },
  },
];

function only(outcomes: readonly Outcome[]): Outcome {
  const [outcome] = outcomes;
  assert.ok(outcome && outcomes.length === 1, `one change has ${outcomes.length} outcomes`);
  return outcome;
}

/** Everything a log, a report or a crash could print of it. */
function words(thing: unknown): string {
  const inside = Array.isArray(thing) ? thing.flatMap((item: Outcome) => [item.error]) : [];
  const texts = [thing, ...inside].map((item) => (item instanceof Error ? `${item.message}\n${item.stack}\n${JSON.stringify(item)}` : ''));
  return [...texts, inspect(thing, { depth: Infinity, showHidden: true }), JSON.stringify(thing)].join('\n');
}
