import { expect } from 'chai';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { notify } from '../../src/notify/notify.ts';
import { hostOf, notice } from './host.ts';
import { stage, type Stage } from './stage.ts';

const CHANNELS = { slack: { type: 'slack' }, webhook: { type: 'webhook' }, pagerduty: { type: 'pagerduty' }, email: { type: 'email' } };

describe('notifications: what goes wrong', () => {
  let s: Stage;
  afterEach(() => s.sandbox.close());

  for (const [cloud, channel, kept] of [
    ['slack', 'slack', 'slack'],
    ['inbox', 'webhook', 'inbox'],
    ['pagerduty', 'pagerduty', 'pagerduty'],
  ] as const)
    it(`${channel}: passing failures are tried again, and what arrives twice is one message`, async () => {
      s = await stage({ [channel]: { type: channel } });
      const { target: _, ...whole } = notice();
      const one = [whole];
      await s.fault({ cloud, kind: 'status', status: 500, times: 2 });
      expect((await notify(s.host, one))[0]).to.include({ result: 'sent' });
      expect(s.calls(cloud)).to.have.length(3);
      await s.fault({ cloud, kind: 'status', status: 429, retryAfter: 1 });
      expect((await notify(s.host, [{ ...whole, code: 'AUTH' }]))[0]).to.include({ result: 'sent' });
      await s.fault({ cloud, kind: 'html' });
      expect((await notify(s.host, [{ ...whole, code: 'CONFLICT' }]))[0]).to.include({ result: 'sent' });
      await s.fault({ cloud, kind: 'reset-after-commit' });
      expect((await notify(s.host, [{ ...whole, code: 'NETWORK' }]))[0]).to.include({ result: 'sent' });
      expect(s.notes).to.deep.equal([]);
      if (kept === 'inbox') expect((await s.kept('inbox')).map(({ times }) => times)).to.deep.equal([1, 1, 1, 2]);
    });

  it('a refusal is said without what was sent, where to, or what was answered', async () => {
    s = await stage(CHANNELS);
    for (const cloud of ['slack', 'inbox', 'pagerduty']) await s.fault({ cloud, kind: 'status', status: 403, body: 'canary-answer' });
    await s.fault({ cloud: 'mail', kind: 'status', status: 550 });
    const deliveries = await notify(s.host, [notice()]);
    expect(deliveries.map(({ result }) => result)).to.deep.equal(['failed', 'failed', 'failed', 'kept']);
    expect(s.notes.toSorted()).to.deep.equal([
      'notifications: email: The mail server refused the message (550).',
      'notifications: pagerduty: PagerDuty refused the message (403).',
      'notifications: slack: Slack refused the message (403).',
      'notifications: webhook: The webhook refused the message (403).',
    ]);
    for (const cloud of ['slack', 'inbox', 'pagerduty']) expect(s.calls(cloud)).to.have.length(1);
  });

  it('nobody there, and nobody who answers, cost bounded time and nothing else', async () => {
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port: nobody } = closed.address() as AddressInfo;
    closed.close();
    s = await stage(CHANNELS, {
      DCS_NOTIFY_SLACK_URL: `http://127.0.0.1:${nobody}/services/secret-path`,
      DCS_NOTIFY_WEBHOOK_URL: `http://127.0.0.1:${port}/secret-path`,
      PAGERDUTY_EVENTS_URL: `http://127.0.0.1:${port}`,
      DCS_NOTIFY_EMAIL_SMTP: `smtp://user:secret-password@127.0.0.1:${port}`,
    });
    const began = Date.now();
    const deliveries = await notify(s.host, [notice()]);
    expect(Date.now() - began).to.be.lessThan(17_000);
    expect(deliveries.map(({ result }) => result)).to.deep.equal(['failed', 'failed', 'failed', 'kept']);
    expect(s.notes.join('\n')).to.contain('Slack cannot be reached (ECONNREFUSED)').and.to.contain('The webhook did not answer in time');
    expect(s.notes.join('\n')).not.to.contain('secret-');
    mute.close();
  });

  it('more than it may wait for is not waited for', async () => {
    s = await stage({ slack: { type: 'slack' } });
    await s.fault({ cloud: 'slack', kind: 'status', status: 429, retryAfter: 60 });
    const began = Date.now();
    expect((await notify(s.host, [notice()]))[0]).to.include({ result: 'failed' });
    expect(Date.now() - began).to.be.lessThan(3000);
  });

  it('a disk that takes nothing costs repetitions, not messages', async () => {
    s = await stage({ slack: { type: 'slack' } });
    const host = hostOf({ slack: { type: 'slack' } }, s.sandbox.env, '/dev/null/nowhere', s.notes);
    for (let run = 0; run < 2; run++) expect((await notify(host, [notice()]))[0]).to.include({ result: 'sent' });
    expect(await s.kept('slack')).to.have.length(2);
    expect(s.notes[0]).to.match(/slack: what was told is not remembered \(E\w+\), and may be told again$/);
  });

  it('a redirect is not followed', async () => {
    s = await stage({ webhook: { type: 'webhook' } });
    await s.fault({ cloud: 'inbox', kind: 'redirect' });
    expect((await notify(s.host, [notice()]))[0]).to.include({ result: 'failed' });
    expect(s.notes[0]).to.contain('which dcs does not follow');
  });

  it('wrong variables and a wrong dcs.yaml are said, and never quoted', async () => {
    for (const [env, words] of [
      [{ DCS_NOTIFY_SLACK_URL: 'http://hooks.example.com/canary' }, 'DCS_NOTIFY_SLACK_URL is no https address.'],
      [{ DCS_NOTIFY_SLACK_URL: 'canary' }, 'DCS_NOTIFY_SLACK_URL is no https address.'],
      [{ DCS_NOTIFY_WEBHOOK_SECRET: 'whsec_canary' }, 'DCS_NOTIFY_WEBHOOK_SECRET is no signing key.'],
      [{ DCS_NOTIFY_PAGERDUTY_KEY: 'canary' }, 'DCS_NOTIFY_PAGERDUTY_KEY is no integration key of PagerDuty.'],
      [{ DCS_NOTIFY_EMAIL_SMTP: 'https://canary' }, 'DCS_NOTIFY_EMAIL_SMTP is no address of a mail server.'],
      [{ DCS_NOTIFY_EMAIL_TO: 'a@b.example, canary' }, 'DCS_NOTIFY_EMAIL_TO has no e-mail address, or one that is none.'],
    ] as const) {
      s = await stage(CHANNELS, env);
      await notify(s.host, [notice()]);
      expect(s.notes.join('\n'), words).to.contain(words).and.not.to.contain('canary');
      await s.sandbox.close();
    }
    for (const [channel, words] of [
      [{ type: 'sms' }, 'type is one of slack, webhook, email, pagerduty'],
      [{ type: 'slack', url: 'https://elsewhere.example' }, 'url is unknown'],
      [{ type: 'slack', environments: ['nowhere'] }, 'environments has no nowhere'],
      [{ type: 'slack', events: ['shouted'] }, 'events has no shouted'],
      [{ type: 'slack', digest: 'daily' }, 'digest is for e-mail'],
    ] as const) {
      s = await stage({ slack: channel });
      expect(await notify(s.host, [notice()])).to.deep.equal([]);
      expect(s.notes.join('\n'), words).to.contain(words);
      await s.sandbox.close();
    }
    s = await stage({ 'ops-a': { type: 'slack' }, ops_a: { type: 'slack' } });
    await notify(s.host, [notice()]);
    expect(s.notes[0]).to.contain('has the variables of ops-a');
  });
});
