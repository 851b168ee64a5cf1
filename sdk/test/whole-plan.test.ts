import { expect } from 'chai';
import { plan, writes, type Facts, type Settings } from '../src/plan.ts';

const FACTS: Facts = { source: 'value', target: 'opaque', record: 'equal', moved: 'same', owned: 'yes' };
const SETTINGS: Settings = { policy: 'upsert-only', existing: 'ask' };

describe('a plan, whole', () => {
  const absent: Facts = { ...FACTS, target: 'absent', record: 'none', owned: 'no' };
  const subjects = [
    { name: 'NEW', from: 'OLD', facts: absent },
    { name: 'SAME', from: 'SAME', facts: FACTS },
    { name: 'ALSO', facts: { ...FACTS, record: 'differs' } as Facts },
  ];

  it('has a line a name, sorted, and the name before where that is another', () => {
    expect(plan(subjects, SETTINGS)).to.deep.equal({
      items: [
        { name: 'ALSO', action: 'update', reason: 'changed', state: 'differs' },
        { name: 'NEW', from: 'OLD', action: 'create', reason: 'new', state: 'differs' },
        { name: 'SAME', action: 'same', reason: '', state: 'same' },
      ],
      collisions: [],
    });
  });

  it('writes what is created, updated and deleted, and with a collision nothing', () => {
    const gone = { name: 'GONE', facts: { ...FACTS, source: 'absent' } as Facts };
    const mirror = { ...SETTINGS, policy: 'mirror' } as const;
    expect(writes(plan([...subjects, gone], mirror)).map(({ name, action }) => `${action} ${name}`)).to.deep.equal([
      'update ALSO',
      'delete GONE',
      'create NEW',
    ]);
    const held = plan([...subjects, gone], mirror, ['NEW']);
    expect(held.items.map(({ action }) => action)).to.deep.equal(['held', 'held', 'held', 'same']);
    expect(writes(held)).to.deep.equal([]);
  });
});
