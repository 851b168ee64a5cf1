import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Planning } from './planner.ts';

const TARGETS = 20;
const NAMES = 5000;
const ALL = TARGETS * NAMES;
const run = promisify(execFile);

/** Ratios to work that no plan can do without, made in the same process: never a time. */
describe('planning 5,000 secrets on 20 targets', function () {
  this.timeout(60_000);
  this.retries(2); // the machine may be busy with something else; a slower plan is slower three times
  let dir: string;
  const planner = async (kind: string): Promise<Planning> => {
    const { stdout } = await run(process.execPath, ['--expose-gc', join(import.meta.dirname, 'planner.ts'), dir, kind]);
    return JSON.parse(stdout) as Planning;
  };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dcs-speed-'));
    await planner('write');
  });
  after(() => rm(dir, { recursive: true }));

  it('reads each ledger once, checks one seal of it, and makes one HMAC a value; on a 304 none', async () => {
    const seals = TARGETS;
    expect((await planner('full')).counts).to.deep.equal({ macs: ALL, seals, loads: TARGETS });
    expect((await planner('unchanged')).counts).to.deep.equal({ macs: 0, seals, loads: TARGETS });
    expect((await planner('first')).counts).to.deep.equal({ macs: 0, seals: 0, loads: TARGETS });
  });

  for (const [kind, most] of [
    ['first', 3],
    ['full', 6],
    ['unchanged', 5],
  ] as const)
    it(`costs at most ${most} times one HMAC a value and one JSON.parse a line (${kind})`, async () => {
      const { plan, cpuMs, floorMs } = await planner(kind);
      expect(plan).to.deep.equal(kind === 'first' ? { same: 0, create: ALL } : { same: ALL, create: 0 });
      expect(cpuMs / floorMs).to.be.lessThan(most);
    });

  for (const kind of ['full', 'unchanged'])
    it(`keeps under 80 MB, and never takes more than 250 MB (${kind})`, async () => {
      const { heapMb, rssMb } = await planner(kind);
      expect(heapMb).to.be.within(1, 80);
      expect(rssMb).to.be.within(1, 250);
    });
});
