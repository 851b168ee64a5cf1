import { execFileSync } from 'node:child_process';
import { access, lstat, mkdtemp, readdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { expireLater, removeOverdue } from '../../src/run/expiry.ts';

describe('a file with an end', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dcs-expiry-'))));

  const stands = async (file: string): Promise<boolean> =>
    access(file).then(
      () => true,
      () => false,
    );
  const gone = async (file: string): Promise<boolean> => {
    for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) if (!(await stands(file))) return true;
    return false;
  };
  const expire = async (ms: number): Promise<void> => {
    await writeFile(at('temporary'), 'values');
    await expireLater(at('file'), at('temporary'), Date.now() + ms, { stateDir: folder, env: {} });
  };

  it('goes also when dcs died before it had its name', async () => {
    await expire(300);
    expect(await gone(at('temporary'))).to.equal(true);
  });

  it('stays when another one stands in its place, even of the same time', async () => {
    await expire(600);
    await rename(at('temporary'), at('file'));
    await writeFile(at('other'), 'mine');
    execFileSync('touch', ['-r', at('file'), at('other')]);
    await rename(at('other'), at('file'));
    await sleep(1000);
    expect(await stands(at('file'))).to.equal(true);
  });

  it('is recorded for this user only, until it is gone', async () => {
    await expire(300);
    const [record] = await readdir(at('expiring'));
    expect((await lstat(join(at('expiring'), record!))).mode & 0o777).to.equal(0o600);
    expect(await gone(join(at('expiring'), record!))).to.equal(true);
  });

  it('a damaged record is dropped, a record of later is left', async () => {
    await expire(60_000);
    await writeFile(join(at('expiring'), 'damaged.json'), '{"until":');
    await removeOverdue({ stateDir: folder, env: {} });
    expect(await readdir(at('expiring'))).to.have.length(1);
    expect(await stands(at('temporary'))).to.equal(true);
    await removeOverdue({ stateDir: at('nothing'), env: {} });
  });
});
