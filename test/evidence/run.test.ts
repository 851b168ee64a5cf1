import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from '../e2e/world.ts';
import { evidence, sized, stopwatch } from './evidence.ts';
import { plantedDcs } from './planted.ts';

const CODES = [255, ...Array(sized(3, 255)).keys()];
/** Nothing ends on these, or they only stop it. */
const NO_END = new Set(['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT', 'SIGCHLD', 'SIGURG', 'SIGWINCH']);
const SIGNALS = [...new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))]
  .filter(([, name]) => !NO_END.has(name))
  .slice(0, sized(3, 64));
const KILLS = sized(8, 1000);
const SIDE_BY_SIDE = 4;
const seed = 20261121;

/** Exit codes and signals of what `dcs run` starts, and what is left of it when dcs is killed. */
describe('a program that dcs run starts', function () {
  this.timeout(7_200_000);
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
    expect((await w.dcs(['run', '--', 'true'])).code).to.equal(0); // from here on there is a snapshot
  });
  after(() => w.close());

  const start = (root: string, words: readonly string[]): ReturnType<typeof spawn> =>
    spawn(process.execPath, [join(root, 'bin', 'run.js'), 'run', '-q', '--offline', ...words], {
      cwd: w.project,
      env: w.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const codeOf = (root: string, words: readonly string[]): Promise<number | null> =>
    new Promise((resolve, reject) => {
      const child = start(root, words).on('error', reject);
      child.on('close', (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]));
      child.stdout!.resume();
    });

  /** Ends that are not the program's own. */
  const wrong = async (root: string, codes: readonly number[], signals: typeof SIGNALS): Promise<string[]> => {
    const cases = ['--mask', '--no-mask'].flatMap((mode) => [
      ...codes.map((code) => ({ mode, code, script: `exit ${code}` })),
      ...signals.map(([number]) => ({ mode, code: 128 + Number(number), script: `ulimit -c 0; kill -${number} $$` })),
    ]);
    const found: string[] = [];
    await inTurn(cases, async ({ mode, code, script }) => {
      const end = await codeOf(root, [mode, '--', 'sh', '-c', script]);
      if (end !== code) found.push(`${mode} ${script}: ${end}`);
    });
    return found;
  };

  /** Programs still there after their dcs was killed, at a moment of its start or of theirs. */
  const orphans = async (root: string, kills: number, when: (at: number) => number | 'running'): Promise<string[]> => {
    const left: string[] = [];
    await inTurn(
      Array.from({ length: kills }, (_, at) => at),
      async (at) => {
        const mark = `dcs-evidence-${process.pid}-${Math.random().toString(36).slice(2)}`;
        const dcs = start(root, ['--mask', '--', 'sh', '-c', 'echo up; while :; do sleep 1; done', mark]);
        const ended = new Promise((resolve) => dcs.on('close', resolve));
        const moment = when(at);
        await (moment === 'running' ? new Promise((resolve) => dcs.stdout!.once('data', resolve)) : sleep(moment));
        dcs.stdout!.resume();
        dcs.kill('SIGKILL');
        await ended;
        if (!(await gone(mark))) left.push(`killed ${moment === 'running' ? moment : `after ${moment.toFixed(0)} ms`}`);
      },
    );
    return left;
  };

  it('ends as it would without dcs, and does not outlive it', async () => {
    const seconds = stopwatch();
    const took = await timeOf(() => codeOf(ROOT, ['--mask', '--', 'true']));
    const random = randomFrom(seed);
    const moments = Array.from({ length: KILLS }, (_, at) => (at % 2 === 0 ? ('running' as const) : random() * took * 1.5));
    const ends = await wrong(ROOT, CODES, SIGNALS);
    const left = await orphans(ROOT, KILLS, (at) => moments[at]!);

    const dull = await plantedDcs(['run'], {
      what: 'loses the highest bit of an exit code',
      edits: [['src/run/child.ts', '(code ?? 1)', '(code ?? 1) & 127']],
    });
    const careless = await plantedDcs(['run'], {
      what: 'tells nobody whom to end',
      edits: [['src/run/child.ts', 'guard.watch(child.pid)', 'void 0']],
    });
    const caught = [(await wrong(dull, [255], [])).length > 0, (await orphans(careless, 2, () => 'running')).length > 0];
    const figure = `${CODES.length} exit codes and ${SIGNALS.length} signals, masked and not: ${ends.length} wrong; ${KILLS.toLocaleString('en')} kills of dcs: ${left.length} orphans`;
    const met = ends.length === 0 && left.length === 0;
    evidence(16, {
      figure,
      met,
      note: 'Signals that only stop a program, or that nothing ends on, are not among them',
      seed,
      seconds: seconds(),
      planted: caught.length,
      caught: caught.filter(Boolean).length,
    });
    expect(caught).to.deep.equal([true, true]);
    expect(ends).to.deep.equal([]);
    expect(left).to.deep.equal([]);
  });
});

/** So many at a time. */
async function inTurn<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const one of left) await work(one);
    }),
  );
}

/** A guard sends SIGTERM at once; on a busy machine it may itself be late. Whoever stays is ended here. */
async function gone(mark: string): Promise<boolean> {
  for (let tries = 0; tries < 40; tries++) {
    if ((await marked(mark)).length === 0) return true;
    await sleep(100);
  }
  for (const pid of await marked(mark)) process.kill(pid, 'SIGKILL');
  return false;
}

async function marked(mark: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))); // it ended meanwhile
  return pids.filter((_, at) => lines[at]!.includes(mark)).map(Number);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const seconds = stopwatch();
  await work();
  return seconds() * 1000;
}

/** mulberry32: the same moments for the same seed. */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
