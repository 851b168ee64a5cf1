import { expect } from 'chai';
import fc from 'fast-check';
import { live, type Mutant } from '../engine/history.ts';
import { anyHistory } from '../engine/steps.ts';
import { evidence, sized, stopwatch } from './evidence.ts';
import { Ground, SandboxCloud } from './sandbox-cloud.ts';

const seed = 20261121;
const RUNS = sized(150, 10_000);

describe('the laws of the engine on the sandbox, over HTTP', () => {
  let ground: Ground;
  before(async () => {
    ground = await Ground.open();
  });
  after(() => ground.close());

  const histories = async (
    numRuns: number,
    mutant?: Mutant,
  ): Promise<{ failed: boolean; error: string; requests: number; absent: number }> => {
    let requests = 0;
    let absent = 0;
    const found = await fc.check(
      fc.asyncProperty(anyHistory('write-only'), async (steps) => {
        const cloud = new SandboxCloud(ground);
        try {
          await live('write-only', steps, mutant, cloud);
        } finally {
          requests += cloud.requests;
          absent += cloud.absent.length;
          await ground.disarm();
        }
      }),
      { seed, numRuns, endOnFailure: mutant !== undefined },
    );
    return { failed: found.failed, error: `${String(found.errorInstance)} ${JSON.stringify(found.counterexample)}`, requests, absent };
  };

  it('hold through strangers, lost answers, deaths and lost ledgers; no name is ever absent', async function () {
    this.timeout(7_200_000);
    const seconds = stopwatch();
    const { failed, error, requests, absent } = await histories(RUNS);
    const mutants: readonly Mutant[] = [DELETES_STRANGERS, FORGETS_OUTCOMES];
    const caught: boolean[] = [];
    for (const mutant of mutants) caught.push((await histories(sized(150, 1000), mutant)).failed);
    expect(failed, error).to.equal(false);
    expect(absent).to.equal(0);
    expect(caught).to.deep.equal(mutants.map(() => true));
    const measured = { met: true, seed, seconds: seconds(), planted: mutants.length, caught: mutants.length };
    const count = `${RUNS.toLocaleString('en')} sequences on the sandbox's Worker`;
    evidence(4, { ...measured, figure: `${requests.toLocaleString('en')} requests, 0 names absent after one` });
    evidence(7, { ...measured, figure: `${count}: 0 foreign deletions` });
    evidence(9, { ...measured, figure: `${count}: 0 that a quiet sync does not bring in line` });
  });
});

/** Takes what stands there for its own. */
const DELETES_STRANGERS: Mutant = {
  target: (target) => ({
    ...target,
    write: (changes) =>
      target.write(
        changes.flatMap((change) => (change.action === 'create' ? [{ action: 'delete', name: change.name } as const] : [change])),
      ),
  }),
};
/** Says done of whatever it was asked to write. */
const FORGETS_OUTCOMES: Mutant = {
  target: (target) => ({
    ...target,
    write: async (changes) => {
      await target.write(changes);
      return changes.map(({ name }) => ({ name, result: 'done' as const }));
    },
  }),
};
