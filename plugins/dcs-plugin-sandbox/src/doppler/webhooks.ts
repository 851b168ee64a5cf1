import type { Reply, Route } from '../server/cloud.ts';
import { type Ground, isObject, type Json, notServiceToken, ok, projectOf, Refusal, type Signed, signed } from './gate.ts';
import { id, type Webhook } from './state.ts';

function webhookOf(call: Signed): Webhook {
  notServiceToken(call);
  const webhook = projectOf(call).webhooks.get(call.call.params['slug'] ?? '');
  if (webhook === undefined) throw new Refusal(404, 'Could not find requested webhook');
  return webhook;
}

function change(webhook: Webhook, body: Json): void {
  const { url, name, secret, enableConfigs, disableConfigs } = body;
  if (url !== undefined) {
    if (typeof url !== 'string' || !URL.canParse(url) || !url.startsWith('https://'))
      throw new Refusal(400, 'Please provide a valid https url.');
    webhook.url = url;
  }
  if (typeof name === 'string') webhook.name = name;
  if (secret !== undefined) webhook.hasSecret = secret !== null;
  const off = Array.isArray(disableConfigs) ? disableConfigs.map(String) : [];
  const on = Array.isArray(enableConfigs) ? enableConfigs.map(String) : [];
  webhook.enabledConfigs = [...new Set([...webhook.enabledConfigs, ...on])].filter((config) => !off.includes(config));
}

const bodyOf = ({ call }: Signed): Json => (isObject(call.body) ? call.body : {});

function create(call: Signed): Reply {
  notServiceToken(call);
  const webhook: Webhook = { id: id(), name: null, url: '', enabled: true, enabledConfigs: [], hasSecret: false };
  change(webhook, { url: '', ...bodyOf(call) });
  projectOf(call).webhooks.set(webhook.id, webhook);
  return ok({ webhook });
}

function edit(call: Signed, run: (webhook: Webhook) => void): Reply {
  const webhook = webhookOf(call);
  run(webhook);
  return ok({ webhook });
}

function remove(call: Signed): Reply {
  projectOf(call).webhooks.delete(webhookOf(call).id);
  return { status: 204 };
}

/** Stored objects only: the sandbox delivers nothing. */
export function webhookRoutes(ground: Ground): Route[] {
  const on = signed.bind(undefined, ground);
  const one = '/v3/webhooks/webhook/:slug';
  return [
    on('GET', '/v3/webhooks', 'reads', (call) => ok({ webhooks: [...projectOf(call).webhooks.values()] })),
    on('POST', '/v3/webhooks', 'writes', create),
    on('GET', one, 'reads', (call) => ok({ webhook: webhookOf(call) })),
    on('PATCH', one, 'writes', (call) => edit(call, (webhook) => change(webhook, bodyOf(call)))),
    on('DELETE', one, 'writes', remove),
    on('POST', `${one}/enable`, 'writes', (call) => edit(call, (webhook) => void (webhook.enabled = true))),
    on('POST', `${one}/disable`, 'writes', (call) => edit(call, (webhook) => void (webhook.enabled = false))),
  ];
}
