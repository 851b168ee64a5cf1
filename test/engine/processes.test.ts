import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, readdir, stat, writeFile, mkdir } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sharedKeys } from '../../src/engine/key.ts';
import { ownKeys } from './keys.ts';
import { gitHome } from '../../src/engine/ledger-git.ts';
import { acquire, breakLock } from '../../src/engine/lock.ts';
import { fileName } from '../../src/engine/place-name.ts';

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'worker.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function ended(child: ChildProcess): Promise<string> {
  let out = '';
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).to.equal(0);
  return out;
}
const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'dcs-engine-'));
async function failure(work: Promise<unknown>): Promise<{ code: string; message: string; details: { why?: string; hint?: unknown } }> {
  try {
    await work;
  } catch (error) {
    return error as never;
  }
  throw new Error('it did not fail');
}

describe('the ledger key', () => {
  it('is made once by 20 processes at a time, private, and leaves nothing beside', async () => {
    const dir = await fresh();
    const macs = await Promise.all(Array.from({ length: 20 }, () => ended(start('key', dir))));
    expect(new Set(macs).size).to.equal(1);
    expect(await readdir(join(dir, 'keys'))).to.deep.equal(['shop-prd.key']);
    expect((await stat(join(dir, 'keys', 'shop-prd.key'))).mode & 0o777).to.equal(0o600);
  });

  it('is never silently replaced when it is damaged or open to others', async () => {
    const dir = await fresh();
    await ownKeys(dir, 'e');
    const file = join(dir, 'keys', 'e.key');
    await chmod(file, 0o644);
    expect((await failure(ownKeys(dir, 'e'))).code).to.equal('CONFLICT');
    await chmod(file, 0o600);
    await writeFile(file, 'short');
    expect((await failure(ownKeys(dir, 'e'))).message).to.contain(file);
    expect(await readFile(file, 'utf8')).to.equal('short');
  });

  it('rotates in Doppler: the first of two writes, both verify; a short one is refused', async () => {
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
    const one = sharedKeys(a);
    const two = sharedKeys(`${b}\n${a}`);
    expect(two.all.map(({ id }) => id)).to.deep.equal([two.active.id, one.active.id]);
    expect(two.active.mac('p', 'n', 'v')).not.to.equal(one.active.mac('p', 'n', 'v'));
    expect(one.active.mac('p', 'nv', '')).not.to.equal(one.active.mac('p', 'n', 'v'));
    expect((await failure(Promise.resolve().then(() => sharedKeys('short')))).code).to.equal('CONFIG');
  });
});

describe('the lock of a place', () => {
  it('has one holder at a time among 20 processes, starting over a dead one', async () => {
    const dir = await fresh();
    const dead = start('hold', dir, 'DEAD');
    await once(dead.stdout!, 'data');
    dead.kill('SIGKILL');
    await once(dead, 'close');
    await Promise.all(Array.from({ length: 20 }, (_, n) => ended(start('turns', dir, `run${n}`))));
    const turns = (await readFile(join(dir, 'turns'), 'utf8')).trim().split('\n');
    expect(turns).to.have.length(120);
    for (let n = 0; n < turns.length; n += 2) expect(turns[n + 1]).to.equal(turns[n]!.replace('begin', 'end'));
  });

  it('names the living holder; kill -9 frees it', async () => {
    const dir = await fresh();
    const holder = start('hold', dir, 'ABC');
    await once(holder.stdout!, 'data');
    const { code, details } = await failure(acquire({ stateDir: dir, place: 'here', run: 'ME' }));
    expect(code).to.equal('CONFLICT');
    expect(details.why).to.contain(String(holder.pid));
    expect(JSON.stringify(details.hint)).to.contain('--break-lock ABC');
    await (await acquire({ stateDir: dir, place: 'elsewhere', run: 'ME' })).release();
    holder.kill('SIGKILL');
    await once(holder, 'close');
    await (await acquire({ stateDir: dir, place: 'here', run: 'ME' })).release();
    expect(await readdir(join(dir, 'locks', fileName('here')))).to.deep.equal([]);
  });

  it('sees through a reused pid, trusts no other host, and breaks by id', async () => {
    const dir = await fresh();
    const place = join(dir, 'locks', fileName('here'));
    await mkdir(place, { recursive: true });
    const holder = { id: 'OLD', pid: process.pid, started: '1', host: hostname(), since: 'then' };
    if (process.platform !== 'win32') {
      await writeFile(join(place, '7'), JSON.stringify(holder));
      await (await acquire({ stateDir: dir, place: 'here', run: 'ME' })).release();
    }
    await writeFile(join(place, '9'), JSON.stringify({ ...holder, pid: 999_999_999, host: 'elsewhere' }));
    expect((await failure(acquire({ stateDir: dir, place: 'here', run: 'ME' }))).details.why).to.contain('elsewhere');
    expect((await failure(breakLock(dir, 'NOT'))).code).to.equal('CONFLICT');
    await breakLock(dir, 'OLD');
    await (await acquire({ stateDir: dir, place: 'here', run: 'ME' })).release();
  });
});

describe('dcs.lock', () => {
  it('keeps every place that eight processes save at once', async () => {
    const dir = await fresh();
    await Promise.all(Array.from({ length: 8 }, (_, n) => ended(start('save', dir, `place ${n}`))));
    const home = gitHome({ file: join(dir, 'dcs.lock'), keys: await ownKeys(dir, 'shop-prd') });
    for (let n = 0; n < 8; n++) expect((await home.load(`place ${n}`))?.serial).to.equal(5);
    expect((await readdir(dir)).toSorted()).to.deep.equal(['dcs.lock', 'keys']);
  });
});
