import type { Route } from '../server/cloud.ts';
import { isObject, type Json, objectBody, Refusal, type Success } from './envelope.ts';
import { type Ground, product, type SignedToAccount } from './gate.ts';
import type { Binding, Worker } from './state.ts';
import { editSecrets, isSecret, latest, live, type SecretChanges, workerNamed } from './worker-history.ts';

const READ = 'Workers Scripts Read';
const WRITE = 'Workers Scripts Write';
// https://developers.cloudflare.com/changelog/post/2026-06-03-bulk-secrets-api/, last verified 2026-11-21.
const MOST_OPERATIONS = 100;

export const scriptOf = ({ account, call }: SignedToAccount): Worker => workerNamed(account, call.params['script'] ?? '');

export const who = ({ token, call }: SignedToAccount) => ({
  author: token.author,
  source: call.headers['user-agent']?.includes('wrangler') === true ? 'wrangler' : 'api',
});

/** How a binding looks from outside: the value only if it is no secret. */
export const shown = ([name, binding]: [string, Binding]): Json =>
  isSecret(binding) ? { name, type: binding.type } : { name, type: binding.type, text: binding.text };

/** Reads what a caller sent as a secret binding. A `secret_key` is kept as its own JSON: only its presence matters here. */
export function secretFrom(sent: unknown, name: string): Binding {
  if (!isObject(sent) || name === '' || (sent['name'] !== undefined && sent['name'] !== name))
    throw new Refusal(400, 10021, 'The secret is not a valid binding.');
  const { type, text } = sent;
  if (type === 'secret_text' && typeof text === 'string') return { type, text };
  if (type === 'secret_key' && typeof sent['format'] === 'string') return { type, text: JSON.stringify(sent) };
  throw new Refusal(400, 10021, `The secret '${name}' is not a valid binding.`);
}

export function changesFrom(sent: unknown): SecretChanges {
  if (!isObject(sent)) throw new Refusal(400, 10021, 'The request body names no secrets.');
  const entries = Object.entries(sent);
  if (entries.length > MOST_OPERATIONS) throw new Refusal(400, 10021, `A request changes at most ${MOST_OPERATIONS} secrets.`);
  return new Map(entries.map(([name, secret]) => [name, secret === null ? null : secretFrom(secret, name)]));
}

const summary = (worker: Worker): Json => ({
  id: worker.name,
  tag: worker.tag,
  etag: worker.tag,
  handlers: ['fetch'],
  created_on: worker.created,
  modified_on: worker.modified,
  usage_model: 'standard',
});

/** What wrangler asks before an upload. No vendor page describes it; read from wrangler 4.155.0, last verified 2026-11-21. */
function metadata(worker: Worker): Success {
  const { created: created_on, modified: modified_on } = worker;
  const from = latest(worker).source;
  const script = { ...summary(worker), last_deployed_from: from };
  return {
    result: {
      id: worker.name,
      created_on,
      modified_on,
      default_environment: { environment: 'production', created_on, modified_on, script },
    },
  };
}

const current = (worker: Worker): ReadonlyMap<string, Binding> => (live(worker) ?? latest(worker)).bindings;

const secretsOf = (worker: Worker): Json[] => [...current(worker)].filter(([, binding]) => isSecret(binding)).map(shown);

function settings(worker: Worker): Success {
  return {
    result: {
      bindings: [...current(worker)].map(shown),
      compatibility_date: '2026-11-01',
      compatibility_flags: [],
      usage_model: 'standard',
      tags: [],
      logpush: false,
    },
  };
}

function oneSecret(signed: SignedToAccount): Success {
  const name = signed.call.params['name'] ?? '';
  const binding = current(scriptOf(signed)).get(name);
  if (binding === undefined || !isSecret(binding))
    throw new Refusal(404, 10056, `Binding '${name}' not found. Please use a different name and try again.`);
  return { result: { name, type: binding.type } };
}

function putSecret(signed: SignedToAccount): Success {
  const worker = scriptOf(signed);
  const body = objectBody(signed.call, 10021);
  const name = typeof body['name'] === 'string' ? body['name'] : '';
  const secret = secretFrom(body, name);
  editSecrets(signed.world, worker, new Map([[name, secret]]), who(signed));
  return { result: { name, type: secret.type } };
}

function deleteSecret(signed: SignedToAccount): Success {
  editSecrets(signed.world, scriptOf(signed), new Map([[signed.call.params['name'] ?? '', null]]), who(signed));
  return { result: null };
}

function patchSecrets(signed: SignedToAccount): Success {
  const worker = scriptOf(signed);
  const changes = changesFrom(objectBody(signed.call, 10021)['secrets']);
  if (changes.size > 0) editSecrets(signed.world, worker, changes, who(signed));
  const written = [...changes].flatMap(([name, secret]) => (secret === null ? [] : [[name, { name, type: secret.type }] as const]));
  return { result: Object.fromEntries(written) };
}

function removeWorker(signed: SignedToAccount): Success {
  signed.account.workers.delete(scriptOf(signed).name);
  return { result: null };
}

/** No script here is on workers.dev, whatever is asked. */
function offWorkersDev(signed: SignedToAccount): Success {
  scriptOf(signed);
  return { result: { enabled: false, previews_enabled: false } };
}

function subdomain({ account, call }: SignedToAccount): Success {
  if (call.method === 'PUT') {
    const asked = objectBody(call, 10021)['subdomain'];
    if (typeof asked !== 'string' || !/^[a-z0-9-]{1,63}$/.test(asked)) throw new Refusal(400, 10021, 'The subdomain is not valid.');
    account.subdomain = asked;
  }
  return { result: { subdomain: account.subdomain } };
}

/** Scripts and their secrets. https://developers.cloudflare.com/api/resources/workers/subresources/scripts/, last verified 2026-11-21. */
export function workerRoutes(ground: Ground): Route[] {
  const script = '/workers/scripts/:script';
  return [
    product(ground, 'GET', '/workers/scripts', READ, ({ account }) => ({ result: [...account.workers.values()].map(summary) })),
    product(ground, 'DELETE', script, WRITE, removeWorker),
    ...(['GET', 'POST'] as const).map((method) =>
      product(ground, method, `${script}/subdomain`, method === 'GET' ? READ : WRITE, offWorkersDev),
    ),
    product(ground, 'GET', '/workers/services/:script', READ, (signed) => metadata(scriptOf(signed))),
    product(ground, 'GET', `${script}/settings`, READ, (signed) => settings(scriptOf(signed))),
    product(ground, 'GET', `${script}/secrets`, READ, (signed) => ({ result: secretsOf(scriptOf(signed)) })),
    product(ground, 'PUT', `${script}/secrets`, WRITE, putSecret),
    product(ground, 'GET', `${script}/secrets/:name`, READ, oneSecret),
    product(ground, 'DELETE', `${script}/secrets/:name`, WRITE, deleteSecret),
    product(ground, 'PATCH', `${script}/secrets-bulk`, WRITE, patchSecrets),
    product(ground, 'GET', '/workers/subdomain', READ, subdomain),
    product(ground, 'PUT', '/workers/subdomain', WRITE, subdomain),
  ];
}
