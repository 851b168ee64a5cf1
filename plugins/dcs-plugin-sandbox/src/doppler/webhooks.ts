import type { Reply, Route } from '../server/cloud.ts';
import { isLocal } from './courier.ts';
import { type Ground, isObject, type Json, notServiceToken, ok, projectOf, Refusal, type Signed, signed } from './gate.ts';
import { type Authentication, id, type Project, type Webhook } from './state.ts';

/** Neither the key nor the credentials leave again. */
const shown = ({ secret, authentication, ...webhook }: Webhook) => ({
  ...webhook,
  hasSecret: secret !== null,
  authentication: { type: authentication.type },
});

function webhookOf(call: Signed): Webhook {
  notServiceToken(call);
  const webhook = projectOf(call).webhooks.get(call.call.params['slug'] ?? '');
  if (webhook === undefined) throw new Refusal(404, 'Could not find requested webhook');
  return webhook;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** https as Doppler wants it; http for this machine, which has no certificates. */
function urlIn(value: unknown): string {
  if (isText(value) && URL.canParse(value) && (value.startsWith('https://') || (value.startsWith('http://') && isLocal(value))))
    return value;
  throw new Refusal(400, 'Please provide a valid https url.');
}

function textIn(value: unknown, what: string): string | null {
  if (value === null || isText(value)) return value === '' ? null : value;
  throw new Refusal(400, `Please provide a valid ${what}.`);
}

function payloadIn(value: unknown): string | null {
  const text = textIn(value, 'payload');
  try {
    if (text !== null) JSON.parse(text);
    return text;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(400, 'Please provide a valid JSON payload.');
    throw error;
  }
}

function authenticationIn(value: unknown): Authentication {
  const { type, token, username, password } = isObject(value) ? value : {};
  if (type === 'None') return { type };
  if (type === 'Bearer' && isText(token)) return { type, token };
  if (type === 'Basic' && isText(username) && isText(password)) return { type, username, password };
  throw new Refusal(400, 'Please provide a valid authentication.');
}

function configsIn(project: Project, value: unknown): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isText) && value.every((name) => project.configs.has(name))) return value;
  throw new Refusal(400, 'Please provide valid configs.');
}

/** All of it or nothing. */
function changed(project: Project, webhook: Webhook, body: Json): Webhook {
  const { url, name, secret, authentication, payload, enableConfigs, disableConfigs } = body;
  const off = configsIn(project, disableConfigs);
  const on = configsIn(project, enableConfigs);
  return {
    ...webhook,
    ...(url === undefined ? {} : { url: urlIn(url) }),
    ...(name === undefined ? {} : { name: textIn(name, 'name') }),
    ...(secret === undefined ? {} : { secret: textIn(secret, 'secret') }),
    ...(authentication === undefined ? {} : { authentication: authenticationIn(authentication) }),
    ...(payload === undefined ? {} : { payload: payloadIn(payload) }),
    enabledConfigs: [...new Set([...webhook.enabledConfigs, ...on])].filter((config) => !off.includes(config)),
  };
}

const bodyOf = ({ call }: Signed): Json => (isObject(call.body) ? call.body : {});

function kept(call: Signed, webhook: Webhook): Reply {
  projectOf(call).webhooks.set(webhook.id, webhook);
  return ok({ webhook: shown(webhook) });
}

function create(call: Signed): Reply {
  notServiceToken(call);
  const body = { url: '', ...bodyOf(call) };
  const blank = { id: id(), name: null, url: '', enabled: true, enabledConfigs: [], secret: null, payload: null };
  return kept(call, changed(projectOf(call), { ...blank, authentication: { type: 'None' } }, body));
}

function remove(call: Signed): Reply {
  projectOf(call).webhooks.delete(webhookOf(call).id);
  return { status: 204 };
}

export function webhookRoutes(ground: Ground): Route[] {
  const on = signed.bind(undefined, ground);
  const one = '/v3/webhooks/webhook/:slug';
  return [
    on('GET', '/v3/webhooks', 'reads', (call) => {
      notServiceToken(call);
      return ok({ webhooks: [...projectOf(call).webhooks.values()].map(shown) });
    }),
    on('POST', '/v3/webhooks', 'writes', create),
    on('GET', one, 'reads', (call) => ok({ webhook: shown(webhookOf(call)) })),
    on('PATCH', one, 'writes', (call) => kept(call, changed(projectOf(call), webhookOf(call), bodyOf(call)))),
    on('DELETE', one, 'writes', remove),
    on('POST', `${one}/enable`, 'writes', (call) => kept(call, { ...webhookOf(call), enabled: true })),
    on('POST', `${one}/disable`, 'writes', (call) => kept(call, { ...webhookOf(call), enabled: false })),
  ];
}
