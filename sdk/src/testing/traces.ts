import assert from 'node:assert/strict';
import type { Supports, Target } from '../target.ts';
import { create, done, entry, NONE, remove, update } from './ground.ts';
import type { Law } from './world.ts';

const OWNER = 'abc123';

/** What the platform keeps beside the value: marks, trails and births. */
export function traces({ ownership, trail }: Supports): readonly Law[] {
  return [...(ownership ? [marks] : []), ...(ownership && trail ? [bearing] : []), ...(trail ? [trails] : []), births];
}

const marks: Law = {
  title: 'a mark comes back, and only a create is marked as created',
  async body(world, on) {
    const [made = '', foreign = ''] = on.names(2);
    await done(world.target, on, [{ ...create(made, 'a'), mark: { owner: OWNER, created: true } }]);
    assert.deepEqual((await entry(world.target, made)).mark, { owner: OWNER, created: true });
    await world.stranger(foreign, 'b');
    assert.equal((await entry(world.target, foreign)).mark, undefined, 'a stranger’s name is marked');
    await done(world.target, on, [{ ...update(foreign, 'c'), mark: { owner: OWNER, created: false } }]);
    assert.notEqual((await entry(world.target, foreign)).mark?.created, true, 'an update says that dcs created the name');
  },
};

const bearing: Law = {
  title: 'a mark that bears the record tells of the write it was left with, and of no other',
  async body(world, on) {
    const [name = ''] = on.names(1);
    const mark = { owner: OWNER, created: true, place: 'p1', mac: 'a1', keyId: 'k1' };
    await done(world.target, on, [{ ...create(name, 'a'), mark }]);
    const first = (await entry(world.target, name)).mark;
    if (first?.mac === undefined) return;
    assert.deepEqual(first, { ...mark, revision: await newest(world.target, name) });
    await done(world.target, on, [{ ...update(name, 'b'), mark: { ...mark, mac: 'b2' } }]);
    const second = (await entry(world.target, name)).mark;
    assert.deepEqual(second, { ...mark, mac: 'b2', revision: await newest(world.target, name) });
    await world.stranger(name, 'c');
    assert.notEqual(
      (await entry(world.target, name)).mark?.revision,
      await newest(world.target, name),
      'a stranger’s write is called ours',
    );
  },
};

const trails: Law = {
  title: 'the trail shows a write, also a stranger’s',
  async body(world, on) {
    const [name = ''] = on.names(1);
    await done(world.target, on, [create(name, 'a')]);
    const made = await newest(world.target, name);
    assert.equal(await newest(world.target, name), made, 'the trail moves by itself');
    await done(world.target, on, [update(name, 'b')]);
    const changed = await newest(world.target, name);
    assert.notEqual(changed, made, 'our own write does not show');
    await world.stranger(name, 'c');
    assert.notEqual(await newest(world.target, name), changed, 'a stranger’s write does not show');
  },
};

const births: Law = {
  title: 'a name that is made again is another one',
  async body(world, on) {
    const [name = ''] = on.names(1);
    await done(world.target, on, [create(name, 'a')]);
    const first = await entry(world.target, name);
    if (first.birth === undefined) return;
    await done(world.target, on, [remove(first)]);
    await done(world.target, on, [create(name, 'b')]);
    assert.notEqual((await entry(world.target, name)).birth, first.birth);
  },
};

async function newest(target: Target, name: string): Promise<string> {
  const { entries, trail: shared } = await target.list(NONE);
  const trail = entries.find((item) => item.name === name)?.trail ?? shared ?? [];
  const revision = trail.find((item) => item.touches !== false);
  assert.ok(revision, 'supports.trail, and no revision that touches a secret is listed');
  return revision.id;
}
