import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { running, stop } from '../../src/process/running.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

describe('the server of a folder', () => {
  let folder: string;
  let other: Sandbox;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-sandbox-'));
    other = await startSandbox();
  });
  afterEach(async () => {
    await other.close();
    await rm(folder, { recursive: true });
  });
  const says = (pid: number): Promise<void> =>
    writeFile(join(folder, 'server.json'), JSON.stringify({ pid, origin: other.origin, startedAt: new Date().toISOString() }));

  it('is the one that says its own process number', async () => {
    await says(process.pid);
    expect(await running(folder)).to.include({ pid: process.pid });
  });

  it('is gone where another sandbox has its port, and who has its number is left alone', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      await says(stranger.pid!);
      expect(await running(folder)).to.equal(undefined);
      expect(await stop(folder)).to.equal(undefined);
      expect([stranger.exitCode, stranger.signalCode, process.kill(stranger.pid!, 0)]).to.deep.equal([null, null, true]);
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});
