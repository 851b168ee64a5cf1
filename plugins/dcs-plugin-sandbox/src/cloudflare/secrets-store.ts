import type { Call, Route } from '../server/cloud.ts';
import { isObject, type Json, objectBody, paged, Refusal, type Success } from './envelope.ts';
import { type Ground, product, type SignedToAccount } from './gate.ts';
import { type Account, type Store, type StoreSecret, type World, hexId, tick } from './state.ts';

const READ = 'Secrets Store Read';
const WRITE = 'Secrets Store Write';
// https://developers.cloudflare.com/secrets-store/, last verified 2026-11-21: one store and 100 secrets an account, 64 KiB a value.
const MOST_SECRETS = 100;
const MOST_BYTES = 65_536;
const SCOPES = new Set(['workers', 'ai_gateway', 'dex', 'access', 'containers', 'websearch']);
const ORDERS = ['name', 'comment', 'created', 'modified'] as const;
const PAGE = { fallback: 20, most: 100 };

const invalid = (what: string) => new Refusal(400, 1001, what);

const storeView = ({ id, name, created, modified }: Store, account: Account): Json => ({
  id,
  account_id: account.id,
  name,
  created,
  modified,
});

const secretView = (store: Store, { id, name, comment, scopes, created, modified }: StoreSecret): Json => ({
  id,
  store_id: store.id,
  name,
  comment,
  scopes,
  status: 'active',
  created,
  modified,
});

function storeOf({ account, call }: SignedToAccount): Store {
  const store = account.stores.get(call.params['store'] ?? '');
  if (store === undefined) throw new Refusal(404, 1004, 'store_not_found');
  return store;
}

function secretById(store: Store, id: unknown): StoreSecret {
  const secret = typeof id === 'string' ? store.secrets.get(id) : undefined;
  if (secret === undefined) throw new Refusal(404, 1005, 'secret_not_found');
  return secret;
}

const usage = (account: Account): number => [...account.stores.values()].reduce((sum, store) => sum + store.secrets.size, 0);

function nameFrom(sent: unknown): string {
  if (typeof sent !== 'string' || !/^\S{1,255}$/.test(sent)) throw invalid('invalid_secret_name');
  return sent;
}

function valueFrom(sent: unknown): string {
  if (typeof sent !== 'string' || sent === '') throw invalid('invalid_secret_value');
  if (Buffer.byteLength(sent) > MOST_BYTES) throw invalid('secret_value_too_large');
  return sent;
}

function scopesFrom(sent: unknown): string[] {
  if (!Array.isArray(sent) || !sent.every((scope): scope is string => typeof scope === 'string' && SCOPES.has(scope)))
    throw invalid('invalid_scopes');
  return [...sent];
}

function commentFrom(sent: unknown): string {
  if (sent !== undefined && typeof sent !== 'string') throw invalid('invalid_comment');
  return sent ?? '';
}

type Draft = Pick<StoreSecret, 'name' | 'value' | 'comment' | 'scopes'>;

function draftFrom(sent: unknown): Draft {
  if (!isObject(sent)) throw invalid('invalid_secret');
  return {
    name: nameFrom(sent['name']),
    value: valueFrom(sent['value']),
    comment: commentFrom(sent['comment']),
    scopes: scopesFrom(sent['scopes']),
  };
}

/** Adds all or none. */
function addSecrets({ account, world }: { account: Account; world: World }, store: Store, drafts: readonly Draft[]): StoreSecret[] {
  const taken = new Set([...store.secrets.values()].map(({ name }) => name));
  for (const { name } of drafts) {
    if (taken.has(name)) throw new Refusal(409, 1002, 'secret_name_already_exists');
    taken.add(name);
  }
  if (usage(account) + drafts.length > MOST_SECRETS) throw new Refusal(400, 1006, 'maximum_secrets_exceeded');
  return drafts.map((draft) => {
    const created = tick(world);
    const secret = { ...draft, id: hexId(), created, modified: created };
    store.secrets.set(secret.id, secret);
    return secret;
  });
}

export function newStore(world: World, account: Account, name: string): Store {
  if (account.stores.size > 0) throw new Refusal(400, 1003, 'maximum_stores_exceeded');
  const created = tick(world);
  const store: Store = { id: hexId(), name, created, modified: created, secrets: new Map() };
  account.stores.set(store.id, store);
  return store;
}

function createStore({ account, call, world }: SignedToAccount): Success {
  const { name } = objectBody(call, 1001);
  if (typeof name !== 'string' || name === '') throw invalid('invalid_store_name');
  return { result: storeView(newStore(world, account, name), account) };
}

function ordered(call: Call, secrets: StoreSecret[]): StoreSecret[] {
  const asked = call.query.get('order') ?? 'created';
  const order = ORDERS.find((known) => known === asked);
  if (order === undefined) throw invalid('invalid_order');
  const sign = call.query.get('direction') === 'desc' ? -1 : 1;
  return secrets.toSorted((a, b) => sign * (a[order] < b[order] ? -1 : Number(a[order] > b[order])));
}

function listSecrets(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  const search = (signed.call.query.get('search') ?? '').toLowerCase();
  const matching = [...store.secrets.values()].filter(
    ({ name, comment }) => name.toLowerCase().includes(search) || comment.toLowerCase().includes(search),
  );
  const { items, info } = paged(signed.call, ordered(signed.call, matching), PAGE);
  return { result: items.map((secret) => secretView(store, secret)), info };
}

function createSecrets(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  if (!Array.isArray(signed.call.body) || signed.call.body.length === 0) throw invalid('invalid_request_body');
  const added = addSecrets(signed, store, signed.call.body.map(draftFrom));
  return { result: added.map((secret) => secretView(store, secret)) };
}

function patchSecret(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  const secret = secretById(store, signed.call.params['secret']);
  const body = objectBody(signed.call, 1001, 'invalid_request_body');
  const change = {
    ...('value' in body ? { value: valueFrom(body['value']) } : {}),
    ...('scopes' in body ? { scopes: scopesFrom(body['scopes']) } : {}),
    ...('comment' in body ? { comment: commentFrom(body['comment']) } : {}),
  };
  Object.assign(secret, change, { modified: tick(signed.world) });
  return { result: secretView(store, secret) };
}

function deleteSecret(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  store.secrets.delete(secretById(store, signed.call.params['secret']).id);
  return { result: null };
}

function deleteSecrets(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  if (!Array.isArray(signed.call.body)) throw invalid('invalid_request_body');
  const secrets = signed.call.body.map((sent: unknown) => secretById(store, isObject(sent) ? sent['id'] : undefined));
  for (const { id } of secrets) store.secrets.delete(id);
  return { result: null };
}

function duplicateSecret(signed: SignedToAccount): Success {
  const store = storeOf(signed);
  const { value } = secretById(store, signed.call.params['secret']);
  const draft = draftFrom({ ...objectBody(signed.call, 1001, 'invalid_request_body'), value });
  const result = addSecrets(signed, store, [draft]).map((secret) => secretView(store, secret))[0];
  return { result };
}

function listStores({ account, call }: SignedToAccount): Success {
  const { items, info } = paged(
    call,
    [...account.stores.values()].map((store) => storeView(store, account)),
    PAGE,
  );
  return { result: items, info };
}

function deleteStore(signed: SignedToAccount): Success {
  signed.account.stores.delete(storeOf(signed).id);
  return { result: null };
}

/** The account-wide store. https://developers.cloudflare.com/api/resources/secrets_store/, last verified 2026-11-21. */
export function secretsStoreRoutes(ground: Ground): Route[] {
  const store = '/secrets_store/stores/:store';
  const secret = `${store}/secrets/:secret`;
  return [
    product(ground, 'GET', '/secrets_store/quota', READ, ({ account }) => ({
      result: { secrets: { quota: MOST_SECRETS, usage: usage(account) } },
    })),
    product(ground, 'GET', '/secrets_store/stores', READ, listStores),
    product(ground, 'POST', '/secrets_store/stores', WRITE, createStore),
    product(ground, 'GET', store, READ, (signed) => ({ result: storeView(storeOf(signed), signed.account) })),
    product(ground, 'DELETE', store, WRITE, deleteStore),
    product(ground, 'GET', `${store}/secrets`, READ, listSecrets),
    product(ground, 'POST', `${store}/secrets`, WRITE, createSecrets),
    product(ground, 'DELETE', `${store}/secrets`, WRITE, deleteSecrets),
    product(ground, 'GET', secret, READ, (signed) => {
      const found = storeOf(signed);
      return { result: secretView(found, secretById(found, signed.call.params['secret'])) };
    }),
    product(ground, 'PATCH', secret, WRITE, patchSecret),
    product(ground, 'DELETE', secret, WRITE, deleteSecret),
    product(ground, 'POST', `${secret}/duplicate`, WRITE, duplicateSecret),
  ];
}
