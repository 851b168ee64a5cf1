import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from '../e2e/world.ts';
import { evidence, sized, stopwatch } from './evidence.ts';
import { plantedDcs } from './planted.ts';

const SYNCS = sized(6, 50);
const DEAD = sized(2, 5);
const WRITE_MS = 400;
const WRITE = 'PATCH /client/v4/accounts/:account/workers/scripts/:script/secrets-bulk';
const SYNC = ['sync', '-e', 'staging', '--yes'];

/** Every write takes WRITE_MS in the sandbox: two that end within that time of each other were under way together. */
describe('one writer a place on a machine', function () {
  this.timeout(7_200_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    await w.post('/_sandbox/doppler/limits', { reads: 1_000_000, secretReads: 1_000_000, writes: 1_000_000 });
    await w.post('/_sandbox/cloudflare/limits', { quota: 1_000_000, seconds: 300 });
    await w.doppler('stg', { TURN: '0' });
    expect((await w.dcs(SYNC)).code).to.equal(0);
  });
  afterEach(() => w.close());

  const sync = (root: string): Promise<number | null> =>
    new Promise((resolve, reject) => {
      const words = [join(root, 'bin', 'run.js'), ...SYNC, '-q'];
      spawn(process.execPath, words, { cwd: w.project, env: w.env, stdio: 'ignore' }).on('error', reject).on('close', resolve);
    });
  const slow = (ms: number): Promise<unknown> => w.post('/_sandbox/faults', { kind: 'delay', ms, times: 'forever', route: WRITE });
  const quick = (): Promise<unknown> => fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });

  /** A kept connection may have been closed while the machine was busy. */
  const change = (turn: string): Promise<void> => w.doppler('stg', { TURN: turn }).catch(() => w.doppler('stg', { TURN: turn }));

  /** Doppler changes all the while, so that each of them has something to write. */
  const together = async (root: string, count: number): Promise<{ ends: (number | null)[]; overlaps: number; writes: number }> => {
    await slow(WRITE_MS);
    await w.forget();
    let over = false;
    const changing = (async () => {
      for (let turn = 1; !over; turn++) {
        await change(String(turn));
        await sleep(50);
      }
    })();
    const ends = await Promise.all(Array.from({ length: count }, () => sync(root)));
    over = true;
    await changing;
    await quick();
    const journal = (await w.journal()) as unknown as readonly { method: string; path: string; at: string }[];
    const times = journal
      .filter(({ method, path }) => method === 'PATCH' && path.endsWith('/secrets-bulk'))
      .map(({ at }) => Date.parse(at));
    const overlaps = times.filter((at, index) => index > 0 && at - times[index - 1]! < WRITE_MS - 5).length;
    return { ends, overlaps, writes: times.length };
  };

  /** The end of the very next sync, and how long it took. */
  const takesOver = async (): Promise<{ code: number | null; seconds: number }> => {
    const seconds = stopwatch();
    return { code: await sync(ROOT), seconds: seconds() };
  };

  it('holds for syncs side by side; a dead holder, or another process with its number, stops nobody', async () => {
    const seconds = stopwatch();
    const { ends, overlaps, writes } = await together(ROOT, SYNCS);
    expect(ends.filter((end) => end !== 0 && end !== 6)).to.deep.equal([]);
    expect(writes).to.be.at.least(1);
    expect(overlaps).to.equal(0);
    await change('last');
    expect(await sync(ROOT)).to.equal(0);
    expect(await w.worker('TURN')).to.equal('last');
    expect((await w.dcs(['diff', '-e', 'staging', '--exit-code'])).code).to.equal(0);

    const freed: Awaited<ReturnType<typeof takesOver>>[] = [];
    const usual: number[] = [];
    for (let round = 0; round < DEAD; round++) {
      await change(`alive ${round}`);
      usual.push((await takesOver()).seconds);
      await killedHolder(round);
      freed.push(await takesOver());
    }
    const place = await lockFolder();
    const mine = { id: 'OLD', pid: process.pid, host: hostname(), since: 'then' };
    await writeFile(join(place, '7'), JSON.stringify({ ...mine, started: '1' }));
    await change('reused');
    freed.push(await takesOver());
    expect(freed.map(({ code }) => code)).to.deep.equal(freed.map(() => 0));

    const caught = await planted(mine);
    const slowest = Math.max(...freed.map((each) => each.seconds));
    evidence(27, {
      figure: `${SYNCS} syncs at once, ${writes} writes: ${overlaps} side by side, 0 lost; ${DEAD} killed holders and a reused process number: each time the very next sync wrote, the slowest in ${slowest.toFixed(1)} s, and in ${Math.max(...usual).toFixed(1)} s where nobody had died`,
      met: slowest - Math.max(...usual) <= 5,
      note: `The other ${ends.filter((end) => end === 6).length} syncs were refused and said who writes`,
      seconds: seconds(),
      planted: caught.length,
      caught: caught.filter(Boolean).length,
    });
    expect(caught).to.deep.equal(caught.map(() => true));
  });

  /** A sync that is killed while it writes: the lock is there, and nobody holds it. */
  async function killedHolder(round: number): Promise<void> {
    await slow(60_000);
    await change(`dead ${round}`);
    const holder = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...SYNC], { cwd: w.project, env: w.env, stdio: 'ignore' });
    const ended = new Promise((resolve) => holder.on('close', resolve));
    const folder = await lockFolder();
    while ((await readdir(folder).catch(() => [])).length === 0) await sleep(20);
    holder.kill('SIGKILL');
    await ended;
    expect((await readdir(folder)).length).to.be.at.least(1);
    await quick();
  }

  /** No lock at all, and a holder whose number and start are right. */
  async function planted(mine: object): Promise<boolean[]> {
    const open = await plantedDcs(['sync'], {
      what: 'sees no living holder',
      edits: [['src/engine/claim.ts', 'if (await isAlive(each.holder)) return each;', 'void isAlive;']],
    });
    const { overlaps } = await together(open, 6);
    await change('kept');
    const stat = await readFile('/proc/self/stat', 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const place = await lockFolder();
    await mkdir(place, { recursive: true });
    await writeFile(join(place, '9'), JSON.stringify({ ...mine, started }));
    return [overlaps > 0, (await sync(ROOT)) === 6];
  }

  async function lockFolder(): Promise<string> {
    const locks = join(w.home, 'state', 'dcs', 'locks');
    const [only, ...more] = await readdir(locks);
    if (only === undefined || more.length > 0) throw new Error('there is not one lock folder');
    return join(locks, only);
  }
});
