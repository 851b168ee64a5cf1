import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { flush, notify } from '../../src/notify/notify.ts';
import { hostOf, notice } from './host.ts';
import { stage, type Stage } from './stage.ts';

const HOUR = 3_600_000;
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

interface Letter {
  subject: string;
  text: string;
  messageId: string;
}

/** What is in the spool becomes that much older. */
async function age(stateDir: string, ms: number): Promise<void> {
  for (const file of globSync(join(stateDir, 'notify/*/*/pending/*.json')))
    await rename(
      file,
      join(
        dirname(file),
        basename(file).replace(/^\d+/, (at) => String(Number(at) - ms).padStart(15, '0')),
      ),
    );
  for (const folder of globSync(join(stateDir, 'notify/*/*/sending-*')))
    await rename(
      folder,
      folder.replace(/\d+$/, (at) => String(Number(at) - ms)),
    );
}

describe('notifications: the spool of e-mails', () => {
  let s: Stage;
  afterEach(() => s.sandbox.close());
  const letters = async (): Promise<Letter[]> => (await s.kept('mail')) as never;

  for (const [digest, ms] of [
    ['hourly', HOUR],
    ['daily', 24 * HOUR],
  ] as const)
    it(`${digest}: one message for all that came, when its time is over`, async () => {
      s = await stage({ email: { type: 'email', digest } });
      for (const target of ['a', 'b', 'c']) expect((await notify(s.host, [notice({ target })]))[0]).to.include({ result: 'kept' });
      expect((await flush(s.host))[0]).to.include({ result: 'silent' });
      await age(s.stateDir, ms);
      expect((await flush(s.host))[0]).to.include({ result: 'sent' });
      await flush(s.host);
      const [letter, ...others] = await letters();
      expect(others).to.deep.equal([]);
      expect(letter!.subject).to.equal('dcs: shop prod: 3 failed');
      expect(globSync(join(s.stateDir, 'notify/*/email/*'))).to.have.length(1);
    });

  it('in CI, which has no tomorrow, a digest goes at once', async () => {
    s = await stage({ email: { type: 'email', digest: 'daily' } }, { CI: 'true' });
    expect((await notify(s.host, [notice()]))[0]).to.include({ result: 'sent' });
  });

  it('what could not be sent goes with a later run, and is given up after a week', async () => {
    s = await stage({ email: { type: 'email' } });
    await s.fault({ cloud: 'mail', route: 'SMTP /mail/send', kind: 'status', status: 550, times: 2 });
    expect((await notify(s.host, [notice()]))[0]).to.include({ result: 'kept' });
    expect((await flush(s.host))[0]).to.include({ result: 'silent' });
    await age(s.stateDir, 6 * 60_000);
    expect((await flush(s.host))[0]).to.include({ result: 'kept' });
    await age(s.stateDir, 6 * 60_000);
    expect((await notify(s.host, [notice({ target: 'web' })]))[0]).to.include({ result: 'sent' });
    expect((await letters()).map(({ text }) => /(\w+) on prod/.exec(text)?.[1])).to.deep.equal(['api', 'web']);

    const [root = ''] = await readdir(join(s.stateDir, 'notify'));
    const old = join(s.stateDir, 'notify', root, 'email', 'sending-0a.1');
    await mkdir(old);
    await writeFile(join(old, '000000000000001-x.json'), JSON.stringify([notice()]));
    await s.fault({ cloud: 'mail', kind: 'status', status: 550 });
    await flush(s.host);
    expect(s.notes.join('\n')).to.contain('gave up 1 notices after a week');
    expect(globSync(join(s.stateDir, 'notify/*/email/sending-*'))).to.deep.equal([]);
  });

  it('an answer that was lost does not make two messages of one', async () => {
    s = await stage({ email: { type: 'email' } });
    await s.fault({ cloud: 'mail', route: 'SMTP /mail/send', kind: 'reset-after-commit' });
    expect((await notify(s.host, [notice()]))[0]).to.include({ result: 'sent' });
    const ids = (await letters()).map(({ messageId }) => messageId);
    expect([ids.length, new Set(ids).size]).to.deep.equal([2, 1]);
  });

  it('who dies between the yes of the server and its own note of it leaves the same message to the next', async () => {
    s = await stage({ email: { type: 'email' } });
    await s.fault({ cloud: 'mail', route: 'SMTP /mail/send', kind: 'reset-after-commit', times: 'forever' });
    const env = { ...s.sandbox.env, PATH: process.env['PATH'], STATE: s.stateDir };
    const worker = spawn(process.execPath, [WORKER, 'r0-0'], { env, stdio: 'ignore' });
    while ((await letters()).length === 0) await sleep(10);
    worker.kill('SIGKILL');
    await once(worker, 'close');
    await fetch(`${s.sandbox.origin}/_sandbox/faults`, { method: 'DELETE' });
    await age(s.stateDir, 6 * 60_000);
    expect((await flush(s.host))[0]).to.include({ result: 'sent' });
    const all = await letters();
    expect(all.length).to.be.at.least(2);
    expect(new Set(all.map(({ messageId }) => messageId)).size).to.equal(1);
  });

  it('processes that notify and are killed at any moment lose nothing, and say nothing under two names', async function () {
    this.timeout(120_000);
    s = await stage({ email: { type: 'email' } });
    const env = { ...s.sandbox.env, PATH: process.env['PATH'], STATE: s.stateDir };
    const told: string[] = [];
    for (let round = 0; round < 10; round++) {
      const workers = [0, 1].map(async (n) => {
        const worker = spawn(process.execPath, [WORKER, `r${round}-${n}`], { env, stdio: ['ignore', 'pipe', 'inherit'] });
        let out = '';
        worker.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
        const closed = once(worker, 'close');
        await once(worker.stdout, 'data');
        await sleep(Math.random() * 600);
        worker.kill('SIGKILL');
        await closed;
        // What was safe on disk before the kill must arrive.
        told.push(...out.split('\n').slice(0, -1));
      });
      await Promise.all(workers);
    }
    await age(s.stateDir, 6 * 60_000);
    const host = hostOf({ email: { type: 'email' } }, s.sandbox.env, s.stateDir);
    expect((await flush(host))[0]).to.not.have.property('error');
    const ids = new Map<string, Set<string>>();
    for (const { text, messageId } of await letters())
      for (const [, target = ''] of text.matchAll(/(r\d+-\d+-\d+) on prod/g))
        ids.set(target, (ids.get(target) ?? new Set()).add(messageId));
    expect(told.length).to.be.at.least(20);
    expect(told.filter((target) => !ids.has(target))).to.deep.equal([]);
    expect([...ids].filter(([, under]) => under.size > 1)).to.deep.equal([]);
  });
});
