import assert from 'node:assert/strict';
import { plan, writes, type Facts } from '../plan.ts';
import type { Entry } from '../target.ts';
import { create, done, listed, namesOf, NONE, refused, room } from './ground.ts';
import type { Law } from './world.ts';

const PAGES = 120;

export const listing: readonly Law[] = [
  {
    title: 'an empty target lists nothing',
    async body({ target }) {
      assert.deepEqual(namesOf(await listed(target)), []);
    },
  },
  {
    title: 'it lists what was written, each name once, and a second plan has nothing to do',
    async body({ target }, on) {
      const values = new Map(on.names(3).map((name, index) => [name, `value ${index}`]));
      await done(
        target,
        on,
        [...values].map(([name, value]) => create(name, value)),
      );
      const entries = await listed(target);
      assert.deepEqual(namesOf(entries), [...values.keys()].toSorted());
      const { readable } = on.definition.supports;
      if (readable)
        assert.ok(
          entries.every((item) => item.value !== undefined),
          'supports.readable, and a value is missing',
        );
      const subjects = [...values].map(([name, value]) => ({
        name,
        facts: factsOf(
          entries.find((item) => item.name === name),
          value,
        ),
      }));
      assert.deepEqual(namesOf(writes(plan(subjects, { policy: 'upsert-only', existing: 'ask' }))), [], 'the second plan');
    },
  },
  {
    title: 'it lists every page',
    async body(world, on) {
      const names = on.names(await room(world, on, PAGES));
      await done(
        world.target,
        on,
        names.map((name) => create(name, `v-${name}`)),
      );
      assert.deepEqual(namesOf(await listed(world.target)), names.toSorted());
    },
  },
  {
    title: 'its identity is stable, the same for two connections, and no container has none',
    async body(world) {
      const { id } = await world.target.identify();
      assert.ok(id, 'the identity is empty');
      assert.equal((await world.target.identify()).id, id);
      assert.equal((await world.another().identify()).id, id);
      await refused('identify() without a container', () => world.missing().identify());
      await refused('list() without a container', () => world.missing().list(NONE));
    },
  },
];

/** What the core would know of a name it just wrote. */
function factsOf(found: Entry | undefined, value: string): Facts {
  const target =
    found === undefined ? 'absent' : found.value === undefined ? 'opaque' : found.value.reveal() === value ? 'equal' : 'different';
  return { source: 'value', target, record: 'equal', moved: 'same', owned: 'yes' };
}
