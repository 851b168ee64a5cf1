import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

describe('sandbox: Slack, PagerDuty and an inbox', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }
  const kept = async (name: string) => (await (await fetch(`${sandbox.origin}/_sandbox/${name}`)).json()) as Record<string, unknown>[];
  const slack = (body: unknown) => post(sandbox.env['DCS_NOTIFY_SLACK_URL']!, body);
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

  it('Slack takes messages with blocks', async () => {
    const blocks = [
      { type: 'header', text: { type: 'plain_text', text: 'Synced' } },
      section('*api*'),
      { type: 'section', fields: [{ type: 'mrkdwn', text: 'a' }] },
      { type: 'divider' },
      { type: 'context', elements: [{ type: 'mrkdwn', text: 'dcs' }] },
    ];
    expect(await slack({ text: 'Synced', blocks })).to.include({ status: 200, text: 'ok' });
    const [message] = await kept('slack');
    expect(message).to.deep.include({ by: 'webhook', text: 'Synced', blocks });
  });

  it('Slack refuses what it would not show', async () => {
    const long = (most: number) => 'x'.repeat(most + 1);
    const bad: unknown[][] = [
      [{ type: 'header', text: { type: 'mrkdwn', text: 'a' } }],
      [{ type: 'header', text: { type: 'plain_text', text: long(150) } }],
      [section(long(3000))],
      [section('')],
      [{ type: 'section' }],
      [{ type: 'section', fields: Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'a' })) }],
      [{ type: 'context', elements: [] }],
      [{ type: 'banner', text: 'x' }],
      [
        { ...section('a'), block_id: 'one' },
        { ...section('b'), block_id: 'one' },
      ],
      Array.from({ length: 51 }, () => ({ type: 'divider' })),
    ];
    for (const blocks of bad)
      expect(await slack({ text: 'x', blocks }), JSON.stringify(blocks).slice(0, 90)).to.include({ status: 400, text: 'invalid_blocks' });
    expect(await slack({})).to.include({ status: 400, text: 'no_text' });
    expect(await slack('[]')).to.include({ status: 400, text: 'invalid_payload' });
    const form = await fetch(sandbox.env['DCS_NOTIFY_SLACK_URL']!, { method: 'POST', body: new URLSearchParams({ payload: '{' }) });
    expect([form.status, await form.text()]).to.deep.equal([400, 'invalid_payload']);
    expect(await post(`${sandbox.origin}/slack/services/T/B/wrong`, { text: 'x' })).to.include({ status: 404, text: 'no_service' });
    expect(await kept('slack')).to.deep.equal([]);
  });

  it("Slack's API says with 200 what is wrong", async () => {
    const send = (body: unknown, token: string = SEED.slack.token) =>
      post(`${sandbox.origin}/slack/api/chat.postMessage`, body, token === '' ? {} : { authorization: `Bearer ${token}` });
    const message = { channel: SEED.slack.channel, text: 'hello' };
    expect((await send(message)).json).to.include({ ok: true, channel: SEED.slack.channel });
    expect((await send(message, '')).json).to.include({ ok: false, error: 'not_authed' });
    expect((await send(message, 'xoxb-wrong')).json['error']).to.equal('invalid_auth');
    expect((await send({ ...message, channel: 'C1' })).json['error']).to.equal('channel_not_found');
    expect((await send({ ...message, blocks: [{ type: 'nope' }] })).json['error']).to.equal('invalid_blocks');
    expect(await kept('slack')).to.have.length(1);
  });

  it("Slack's API takes a form too, with its JSON in fields, as @slack/web-api sends it", async () => {
    const send = (fields: Record<string, string>) =>
      post(`${sandbox.origin}/slack/api/chat.postMessage`, new URLSearchParams(fields).toString(), {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Bearer ${SEED.slack.token}`,
      });
    const message = { channel: SEED.slack.channel, text: 'a & b=c' };
    const blocks = [section('*prod*')];
    expect((await send({ ...message, blocks: JSON.stringify(blocks) })).json).to.include({ ok: true });
    expect((await kept('slack'))[0]).to.deep.include({ text: 'a & b=c', blocks });
    expect((await send({ ...message, blocks: '[' })).json['error']).to.equal('invalid_blocks');
    expect((await send({ ...message, channel: 'C1' })).json['error']).to.equal('channel_not_found');
    expect(await kept('slack')).to.have.length(1);
  });

  it('PagerDuty keeps one incident a key, from trigger to resolve', async () => {
    const send = (body: object) =>
      post(`${sandbox.env['PAGERDUTY_EVENTS_URL']}/v2/enqueue`, { routing_key: SEED.pagerduty.key, dedup_key: 'k', ...body });
    const payload = { summary: 'failed', source: 'dcs', severity: 'error' };
    for (const bad of [
      { event_action: 'resolve', dedup_key: undefined },
      { event_action: 'shout', payload },
      { event_action: 'trigger', payload: { ...payload, severity: 'bad' } },
      { event_action: 'trigger', payload: { ...payload, summary: '' } },
      { event_action: 'trigger', payload: { ...payload, summary: 'x'.repeat(1025) } },
      { event_action: 'trigger', payload, routing_key: 'short' },
      { event_action: 'trigger', payload, routing_key: 'z'.repeat(32) },
      { event_action: 'trigger', payload, dedup_key: 'x'.repeat(256) },
    ])
      expect((await send(bad)).status, JSON.stringify(bad).slice(0, 80)).to.equal(400);
    expect((await send({ event_action: 'trigger', payload })).json).to.include({ status: 'success', dedup_key: 'k' });
    await send({ event_action: 'trigger', payload: { ...payload, summary: 'failed again' } });
    await send({ event_action: 'acknowledge' });
    await send({ event_action: 'resolve' });
    await send({ event_action: 'resolve' });
    await send({ event_action: 'trigger', payload });
    expect((await kept('pagerduty')).map(({ status, summary, events }) => [status, summary, events])).to.deep.equal([
      ['resolved', 'failed again', ['trigger', 'trigger', 'acknowledge', 'resolve']],
      ['triggered', 'failed', ['trigger']],
    ]);
  });

  it('the inbox takes what is signed and fresh, and knows it again', async () => {
    const body = JSON.stringify({ event: 'synced', note: 'ünï' });
    const key = Buffer.from(SEED.inbox.secret.slice(6), 'base64');
    const send = (id: string, age = 0, text = body, secret = key) => {
      const stamp = String(Math.floor(Date.now() / 1000) - age);
      const signature = createHmac('sha256', secret).update(`${id}.${stamp}.${body}`).digest('base64');
      return post(sandbox.env['DCS_NOTIFY_WEBHOOK_URL']!, text, {
        'webhook-id': id,
        'webhook-timestamp': stamp,
        'webhook-signature': `v1,${signature}`,
      });
    };
    expect((await send('a')).status).to.equal(204);
    expect((await send('a')).status).to.equal(204);
    expect((await send('b', 301)).status).to.equal(401);
    expect((await send('c', -301)).status).to.equal(401);
    expect((await send('d', 0, `${body} `)).status).to.equal(401);
    expect((await send('e', 0, body, Buffer.from('other'))).status).to.equal(401);
    expect((await post(sandbox.env['DCS_NOTIFY_WEBHOOK_URL']!, body)).status).to.equal(401);
    expect((await kept('inbox')).map(({ id, times }) => [id, times])).to.deep.equal([['a', 2]]);
  });

  it('fail when told to, each by its name', async () => {
    const fault = { cloud: 'slack', kind: 'status', status: 429, retryAfter: 7 };
    await post(`${sandbox.origin}/_sandbox/faults`, fault);
    const answer = await fetch(sandbox.env['DCS_NOTIFY_SLACK_URL']!, { method: 'POST', body: '{"text":"x"}' });
    expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([429, '7']);
    expect((await slack({ text: 'x' })).status).to.equal(200);
    expect(sandbox.journal.entries().filter(({ cloud }) => cloud === 'slack')).to.have.length(2);
  });
});
