import type { PlanItem } from 'dcs-sdk';
import { expect } from 'chai';
import { planJson } from '../../src/render/plan.ts';

describe('the document of a plan', () => {
  it('goes through the names twice, however many they are', () => {
    let looked = 0;
    const items = Array.from({ length: 1000 }, (_, at): PlanItem => {
      const name = `S_${at}`;
      return {
        name,
        reason: 'new',
        state: 'none',
        get action() {
          looked++;
          return at % 2 === 0 ? ('create' as const) : ('same' as const);
        },
      };
    });
    const look = { job: { name: 'worker', definition: {} }, plan: { items, collisions: [] }, findings: [], shaped: { withheld: [] } };
    const { changes, others } = planJson(look as never) as { changes: { name: string }[]; others: { name: string }[] };
    expect([changes.length, others.length]).to.deep.equal([500, 500]);
    expect(others[0]?.name).to.equal('S_1');
    expect(looked).to.be.within(1000, 3000);
  });
});
