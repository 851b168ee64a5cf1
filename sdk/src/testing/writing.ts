import assert from 'node:assert/strict';
import { create, done, entry, listed, namesOf, refusedValue, remove, room, update, write } from './ground.ts';
import type { Law } from './world.ts';

const VALUES = [
  'plain',
  '',
  '  spaces around  ',
  'two\nlines\n',
  '-----BEGIN KEY-----\r\nabc=\r\n-----END KEY-----\r\n',
  `"double", 'single' and \\n \\ slashes`,
  '$HOME ${OTHER} `date` #no comment',
  '🦊 é 漢字',
  '{"json": [1, null]}',
  'null',
  '\ttab',
];

export const writing: readonly Law[] = [
  {
    title: 'a value arrives byte for byte',
    async body(world, on) {
      const values = new Map<string, string>();
      on.names(VALUES.length).forEach((name, index) => {
        const value = VALUES[index] ?? '';
        if (!refusedValue(on.definition, name, value)) values.set(name, value);
      });
      assert.ok(values.size > 0, 'the definition refuses every value');
      await done(
        world.target,
        on,
        [...values].map(([name, value]) => create(name, value)),
      );
      for (const [name, value] of values) assert.equal(await world.peek(name), value);
    },
  },
  {
    title: 'an update replaces the value in place',
    async body(world, on) {
      const [name = ''] = on.names(1);
      await done(world.target, on, [create(name, 'one')]);
      const { birth } = await entry(world.target, name);
      await done(world.target, on, [update(name, 'two')]);
      assert.equal(await world.peek(name), 'two');
      assert.deepEqual(namesOf(await listed(world.target)), [name]);
      assert.equal((await entry(world.target, name)).birth, birth, 'an update made the name anew');
    },
  },
  {
    title: 'a delete removes what it names and nothing else',
    async body(world, on) {
      const [gone = '', kept = '', foreign = ''] = on.names(3);
      await done(world.target, on, [create(gone, 'a'), create(kept, 'b')]);
      await world.stranger(foreign, 'c');
      await done(world.target, on, [remove(await entry(world.target, gone))]);
      assert.equal(await world.peek(gone), undefined);
      assert.equal(await world.peek(kept), 'b');
      assert.equal(await world.peek(foreign), 'c', 'a stranger’s name is gone');
      assert.deepEqual(namesOf(await listed(world.target)), [kept, foreign].toSorted());
    },
  },
  {
    title: 'a write touches no other name',
    async body(world, on) {
      const [changed = '', kept = '', foreign = '', made = ''] = on.names(4);
      await done(world.target, on, [create(changed, 'a'), create(kept, 'b')]);
      await world.stranger(foreign, 'c');
      const before = [await entry(world.target, kept), await entry(world.target, foreign)];
      await done(world.target, on, [update(changed, 'a2'), create(made, 'd')]);
      assert.equal(await world.peek(kept), 'b');
      assert.equal(await world.peek(foreign), 'c');
      assert.deepEqual([await entry(world.target, kept), await entry(world.target, foreign)], before);
      assert.deepEqual(namesOf(await listed(world.target)), [changed, kept, foreign, made].toSorted());
    },
  },
  {
    title: 'every change has exactly one outcome',
    async body(world, on) {
      const [first = '', second = '', third = ''] = on.names(3);
      await done(world.target, on, [create(first, 'a'), create(second, 'b')]);
      const changes = [create(third, 'c'), update(first, 'a2'), remove(await entry(world.target, second))];
      assert.deepEqual(namesOf(await write(world.target, on, changes)), namesOf(changes));
    },
  },
  {
    title: 'one write takes a full batch',
    async body(world, on) {
      const changes = on.names(await room(world, on, on.batch)).map((name) => create(name, `v-${name}`));
      const outcomes = await world.target.write(changes);
      assert.deepEqual(namesOf(outcomes.filter((outcome) => outcome.result === 'done')), namesOf(changes));
      assert.deepEqual(namesOf(await listed(world.target)), namesOf(changes));
    },
  },
];
