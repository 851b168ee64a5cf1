import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { request as plainRequest } from 'node:http';
import { join } from 'node:path';
import { IncomingWebhook } from '@slack/webhook';
import { ErrorCode, WebClient } from '@slack/web-api';
import { createTransport } from 'nodemailer';
import { Webhook } from 'standardwebhooks';
import { makeCertificate } from '../../plugins/dcs-plugin-sandbox/lib/server/certificate.js';
import { linkPlugins } from '../../scripts/link.mjs';
import { recordingProxy } from './proxy.mjs';
import { must, oneLine, Record } from './record.mjs';
import { throughProxy } from './requests.mjs';
import { HERE, ROOT, run, SEED, versionOf, world } from './world.mjs';

async function inWorld(name, operations) {
  const record = new Record(name, await versionOf(name));
  const w = await world();
  try {
    await operations(record, w);
  } finally {
    await w.close();
  }
  return record;
}

const rejected = (promise) =>
  promise.then(
    () => ({}),
    (error) => error,
  );

const SECTION = { type: 'section', text: { type: 'mrkdwn', text: '*prod* drifted' } };

export const slackWebhook = () =>
  inWorld('@slack/webhook', async (record, w) => {
    await record.try('send: text and blocks', async () => {
      const hook = new IncomingWebhook(w.env.DCS_NOTIFY_SLACK_URL);
      must((await hook.send({ text: 'prod drifted', blocks: [SECTION] })).text === 'ok', 'the answer is not ok');
      const [message] = await w.hand('slack');
      must(message.text === 'prod drifted' && message.blocks.length === 1, 'the channel shows another message');
    });
    await record.try('refusals: no such hook, wrong blocks', async () => {
      const nobody = await rejected(new IncomingWebhook(`${w.origin}/slack/services/T/B/x`).send('x'));
      must(/404|no_service/.test(oneLine(nobody)), 'a foreign hook takes it');
      const wrong = await rejected(new IncomingWebhook(w.env.DCS_NOTIFY_SLACK_URL).send({ blocks: [{ type: 'section' }] }));
      must(/400|invalid_blocks/.test(oneLine(wrong)), 'wrong blocks are taken');
    });
  });

export const slackWebApi = () =>
  inWorld('@slack/web-api', async (record, w) => {
    const client = (token) =>
      new WebClient(token, { slackApiUrl: `${w.origin}/slack/api/`, retryConfig: { retries: 1 }, logLevel: 'error' });
    const { token, channel } = SEED.slack;
    await record.try('chat.postMessage', async () => {
      const posted = await client(token).chat.postMessage({ channel, text: 'prod drifted', blocks: [SECTION] });
      must(posted.ok && posted.channel === channel && posted.message.text === 'prod drifted', 'the answer is another one');
      must((await w.hand('slack'))[0].by === 'chat.postMessage', 'the channel lacks it');
    });
    await record.try('refusals: invalid_auth, channel_not_found', async () => {
      const platform = async (promise, word) => {
        const { code, data } = await rejected(promise);
        must(code === ErrorCode.PlatformError && data.error === word, `not ${word}, but ${data?.error}`);
      };
      await platform(client('xoxb-nobody').chat.postMessage({ channel, text: 'x' }), 'invalid_auth');
      await platform(client(token).chat.postMessage({ channel: 'C0ELSEWHERE', text: 'x' }), 'channel_not_found');
    });
    await record.try('429 with Retry-After, then tried again', async () => {
      await w.hand('faults', { cloud: 'slack', kind: 'status', status: 429, retryAfter: 1 });
      const posted = await client(token).chat.postMessage({ channel, text: 'again' });
      must(posted.ok, 'it was not tried again');
    });
  });

/** The SDK speaks https to whatever server it is told: this one hands on to the sandbox. */
async function tlsDoor(origin) {
  const certificate = makeCertificate();
  const server = createServer(certificate, (question, answer) => {
    const onward = plainRequest(`${origin}/pagerduty${question.url}`, { method: question.method, headers: question.headers }, (back) => {
      answer.writeHead(back.statusCode, back.headers);
      back.pipe(answer);
    });
    onward.on('error', (error) => answer.destroy(error));
    question.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server: `127.0.0.1:${server.address().port}`, cert: certificate.cert, close: () => server.close() };
}

const EVENTS = `
const { event, resolve } = require('@pagerduty/pdjs');
const [server, routing_key] = process.argv.slice(1);
const payload = { summary: 'prod drifted', source: 'dcs', severity: 'warning', custom_details: { names: 1 } };
const send = (run, data) => run({ server, data: { routing_key, dedup_key: 'dcs-prod', ...data } });
(async () => {
  const said = [
    await send(event, { event_action: 'trigger', payload }),
    await send(resolve, {}),
    await send(event, { event_action: 'trigger', payload: { ...payload, severity: 'bad' } }),
  ];
  console.log(JSON.stringify(said.map(({ status, data }) => [status, data.status])));
})();`;

export const pagerdutySdk = () =>
  inWorld('@pagerduty/pdjs', async (record, w) => {
    await record.try('event (trigger), resolve, and a wrong severity', async () => {
      const door = await tlsDoor(w.origin);
      try {
        await writeFile(join(w.home, 'door.pem'), door.cert);
        const env = { ...w.env, NODE_EXTRA_CA_CERTS: join(w.home, 'door.pem') };
        const ran = await run(process.execPath, ['-e', EVENTS, door.server, SEED.pagerduty.key], { cwd: HERE, env });
        must(ran.code === 0, oneLine(ran.err));
        must(ran.out.trim() === '[[202,"success"],[202,"success"],[400,"invalid event"]]', `it read ${ran.out.trim()}`);
        const [incident] = await w.hand('pagerduty');
        must(incident.status === 'resolved' && incident.events.join() === 'trigger,resolve', 'the incident is another one');
        return 'by https, as the SDK wants it';
      } finally {
        door.close();
      }
    });
  });

export const nodemailer = () =>
  inWorld('nodemailer', async (record, w) => {
    const { user, password, from, to } = SEED.mail;
    const { hostname: host, port } = new URL(w.env.DCS_NOTIFY_EMAIL_SMTP);
    const mailer = (more) => createTransport({ host, port: Number(port), ...more });
    const letter = { from, to, subject: 'prod drifted: ü', text: 'One name.\n.\nThe end.' };
    await record.try('sendMail, in the clear and without a login', async () => {
      const { accepted } = await mailer({ ignoreTLS: true }).sendMail(letter);
      const [mail] = await w.hand('mail');
      must(accepted[0] === to && mail.subject === letter.subject && !mail.tls, 'another letter arrived');
      must(mail.text.trim() === letter.text, 'the text is another one');
    });
    await w.hand('mail/settings', { tls: true, auth: true });
    await record.try('STARTTLS and AUTH; a certificate that nobody trusts is refused', async () => {
      const auth = { user, pass: password };
      const strict = await rejected(mailer({ requireTLS: true, auth }).sendMail(letter));
      must(/certificate/i.test(oneLine(strict)), 'the certificate is taken');
      await mailer({ requireTLS: true, auth, tls: { rejectUnauthorized: false } }).sendMail(letter);
      const mail = (await w.hand('mail')).at(-1);
      must(mail.tls && mail.user === user, 'it came in the clear, or from nobody');
    });
    await record.try('refusals: 530 without a login, 535 with a wrong one, 451', async () => {
      const tls = { rejectUnauthorized: false };
      const code = async (more, wanted) => {
        const { responseCode } = await rejected(mailer({ tls, ...more }).sendMail(letter));
        must(responseCode === wanted, `${responseCode}, not ${wanted}`);
      };
      await code({}, 530);
      await code({ auth: { user, pass: 'wrong' } }, 535);
      await w.hand('faults', { cloud: 'mail', route: 'SMTP /mail/send', kind: 'status', status: 451 });
      await code({ auth: { user, pass: password } }, 451);
    });
  });

/** The reference of Standard Webhooks signs for the sandbox's inbox, and reads what dcs signed. */
export const standardWebhooks = () =>
  inWorld('standardwebhooks', async (record, w) => {
    const signer = new Webhook(SEED.inbox.secret);
    await record.try('sign: the inbox takes it, and nothing that was changed', async () => {
      const body = '{"type":"dcs.test"}';
      const stamp = new Date();
      const post = (text) =>
        fetch(w.env.DCS_NOTIFY_WEBHOOK_URL, {
          method: 'POST',
          body: text,
          headers: {
            'content-type': 'application/json',
            'webhook-id': 'msg_1',
            'webhook-timestamp': String(Math.floor(stamp / 1000)),
            'webhook-signature': signer.sign('msg_1', stamp, body),
          },
        });
      must((await post(body)).status === 204, 'it is refused');
      must((await post(`${body} `)).status === 401, 'a changed body is taken');
    });
    await record.try('verify: what `dcs notify test` sent', async () => {
      const proxy = await recordingProxy(w.origin);
      try {
        linkPlugins(w.env.XDG_DATA_HOME);
        await writeFile(join(w.work, 'dcs.yaml'), 'doppler: shop\nnotifications:\n  webhook: {type: webhook}\n');
        const args = [join(ROOT, 'bin', 'run.js'), 'notify', 'test', '-e', 'staging'];
        const ran = await run(process.execPath, args, { env: throughProxy(w, proxy), cwd: w.work });
        must(ran.code === 0, `exit ${ran.code}: ${oneLine(ran.err)}`);
        const sent = proxy.requests.find(({ url }) => url.pathname === '/inbox/hook');
        signer.verify(sent.body, sent.headers);
      } finally {
        await proxy.close();
      }
    });
  });
