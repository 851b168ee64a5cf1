import { expect } from 'chai';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

const MESSAGE = {
  from: 'dcs@shop.example',
  to: 'ops@shop.example',
  subject: 'Drift on prod – ünï',
  text: 'STRIPE_KEY drifted.\n'.repeat(5),
};

describe('sandbox: a mail server', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  const send = async (more: object = {}, options: object = {}) => {
    const transport = createTransport({ url: sandbox.env['DCS_NOTIFY_EMAIL_SMTP']!, tls: { rejectUnauthorized: false }, ...options });
    const outcome = transport.sendMail({ ...MESSAGE, ...more }).then(
      () => 'sent',
      (error: { responseCode?: number; code?: string }) => error.responseCode ?? error.code,
    );
    return outcome;
  };
  const post = (path: string, body: object) => fetch(`${sandbox.origin}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const letters = async () => (await (await fetch(`${sandbox.origin}/_sandbox/mail`)).json()) as Record<string, unknown>[];

  it('keeps what it accepts, readable', async () => {
    expect(await send({ messageId: '<one@dcs>' })).to.equal('sent');
    const [letter] = await letters();
    expect(letter).to.deep.include({
      from: MESSAGE.from,
      to: [MESSAGE.to],
      subject: MESSAGE.subject,
      messageId: '<one@dcs>',
      tls: false,
      user: SEED.mail.user,
    });
    expect((letter!['text'] as string).trim()).to.equal(MESSAGE.text.trim());
    expect(sandbox.journal.entries().map(({ cloud, path, status }) => [cloud, path, status])).to.deep.equal([
      ['mail', '/mail/rcpt', 250],
      ['mail', '/mail/send', 250],
    ]);
  });

  it('asks for a login and for TLS when told to', async () => {
    await post('mail/settings', { auth: true, tls: true });
    expect(await send()).to.equal('sent');
    expect((await letters())[0]).to.include({ tls: true });
    expect(await send({}, { tls: {} })).to.equal('ESOCKET');
    const stranger = createTransport({
      host: '127.0.0.1',
      port: Number(new URL(sandbox.env['DCS_NOTIFY_EMAIL_SMTP']!).port),
      tls: { rejectUnauthorized: false },
    });
    expect(await stranger.sendMail(MESSAGE).catch((error: { responseCode: number }) => error.responseCode)).to.equal(530);
  });

  it('refuses a wrong password', async () => {
    const url = sandbox.env['DCS_NOTIFY_EMAIL_SMTP']!.replace(SEED.mail.password, 'wrong');
    expect(
      await createTransport(url)
        .sendMail(MESSAGE)
        .catch((error: { responseCode: number }) => error.responseCode),
    ).to.equal(535);
  });

  it('refuses, cuts, and keeps without saying so, when told to', async () => {
    await post('faults', { cloud: 'mail', route: 'SMTP /mail/rcpt', kind: 'status', status: 550 });
    expect(await send()).to.equal(550);
    await post('faults', { cloud: 'mail', route: 'SMTP /mail/send', kind: 'status', status: 451 });
    expect(await send()).to.equal(451);
    await post('faults', { cloud: 'mail', route: 'SMTP /mail/send', kind: 'reset' });
    expect(await send()).to.equal('ECONNECTION');
    expect(await letters()).to.deep.equal([]);
    await post('faults', { cloud: 'mail', route: 'SMTP /mail/send', kind: 'reset-after-commit' });
    expect(await send()).to.equal('ECONNECTION');
    expect(await letters()).to.have.length(1);
  });

  it('comes back on the same port with what it had', async () => {
    await sandbox.close();
    const folder = join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'state');
    sandbox = await startSandbox({ folder });
    const before = sandbox.env['DCS_NOTIFY_EMAIL_SMTP'];
    await send();
    await sandbox.close();
    sandbox = await startSandbox({ folder });
    expect(sandbox.env['DCS_NOTIFY_EMAIL_SMTP']).to.equal(before);
    expect(await letters()).to.have.length(1);
  });
});
