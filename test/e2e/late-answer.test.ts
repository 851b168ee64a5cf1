import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

const HURRY = `--import=${fileURLToPath(new URL('../evidence/faults/hurry.mjs', import.meta.url))}`;

describe('a write that arrives after dcs gave up on it', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  it('is unknown, and the next sync finds it without a question', async () => {
    const route = 'PATCH /client/v4/accounts/:account/workers/scripts/:script/secrets-bulk';
    await w.post('/_sandbox/faults', { route, kind: 'delay', ms: 1500, times: 'forever' });
    const first = await w.dcs(['sync', '-e', 'staging', '--yes', '--json'], { env: { NODE_OPTIONS: HURRY } });
    expect(first.code, first.err).to.equal(8);
    const [target] = first.json()['targets'] as { outcomes: { result: string }[] }[];
    expect(new Set(target!.outcomes.map(({ result }) => result))).to.deep.equal(new Set(['unknown']));
    await sleep(1600);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
    const next = await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(next.code, next.err + next.out).to.equal(0);
  }).timeout(30_000);
});
