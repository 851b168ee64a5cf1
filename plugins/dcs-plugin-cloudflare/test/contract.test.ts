import type { Context, Target } from 'dcs-sdk';
import { testTarget, type Fault, type World } from 'dcs-sdk/testing';
import pages from '../src/pages.ts';
import store from '../src/secrets-store.ts';
import worker from '../src/target.ts';
import { ACCOUNT, PROJECT, TOKEN, WORKER, openCloud, type Cloud } from './sandbox.ts';

/** One place of the sandbox: how to connect to it, look into it and write past it. */
interface Place {
  connect(context: Context): Target;
  missing(context: Context): Target;
  where(cloud: Cloud): Promise<Record<string, string>>;
  stranger(cloud: Cloud, name: string, value: string): Promise<unknown>;
}

const FAULTS: Readonly<Record<Exclude<Fault, 'endless-paging'>, Record<string, unknown>>> = {
  unauthorized: { kind: 'status', status: 401, body: { success: false, errors: [{ code: 10000, message: 'Authentication error' }] } },
  'rate-limit': { kind: 'status', status: 429, retryAfter: 0 },
  error: { kind: 'status', status: 500, body: { success: false, errors: [{ code: 10013, message: 'internal error' }] } },
  'reset-after-commit': { kind: 'reset-after-commit' },
  truncate: { kind: 'truncate' },
};

function world(place: Place): () => Promise<World> {
  return async () => {
    const cloud = await openCloud();
    const at = await place.where(cloud);
    return {
      target: place.connect(cloud.context()),
      aborted: place.connect(cloud.context({ signal: AbortSignal.abort() })),
      // The sandbox counts its pages honestly; api.test.ts has a server that does not.
      paged: false,
      another: () => place.connect(cloud.context()),
      missing: () => place.missing(cloud.context()),
      peek: async (name) => (await cloud.peek({ ...at, name })) ?? undefined,
      async stranger(name, value) {
        await place.stranger(cloud, name, value);
      },
      async fault(kind) {
        if (kind === 'endless-paging') throw new Error('the sandbox has no endless pages');
        await fetch(`${cloud.origin}/_sandbox/faults`, { method: 'DELETE' });
        await cloud.backdoor('faults', { route: '/client/v4/*', times: 'forever', ...FAULTS[kind] });
      },
      requests: () => cloud.sent.length,
      close: () => cloud.stop(),
    };
  };
}

/** Somebody else with a token of the account. */
async function call(cloud: Cloud, method: string, path: string, body?: unknown): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${cloud.origin}/client/v4/accounts/${ACCOUNT}/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  const { result } = (await answer.json()) as { result: unknown };
  return Array.isArray(result) ? result : [];
}

const storeId = async (cloud: Cloud): Promise<string> => String((await call(cloud, 'GET', 'secrets_store/stores'))[0]?.['id']);

describe('Cloudflare Worker, the contract', () => {
  const options = { account_id: ACCOUNT, worker: WORKER };
  const fresh = world({
    connect: (context) => worker.connect(options, context),
    missing: (context) => worker.connect({ ...options, worker: 'nowhere' }, context),
    where: async () => ({ worker: WORKER }),
    stranger: (cloud, name, value) => cloud.backdoor('cloudflare/hand-edit', { account: ACCOUNT, worker: WORKER, name, value }),
  });
  testTarget(it, { definition: worker, fresh });
});

describe('Cloudflare Pages, the contract', () => {
  const options = { account_id: ACCOUNT, project: PROJECT };
  const fresh = world({
    connect: (context) => pages.connect(options, context),
    missing: (context) => pages.connect({ ...options, project: 'nowhere' }, context),
    where: async () => ({ pages: PROJECT }),
    stranger: (cloud, name, value) =>
      call(cloud, 'PATCH', `pages/projects/${PROJECT}`, {
        deployment_configs: { production: { env_vars: { [name]: { type: 'secret_text', value } } } },
      }),
  });
  testTarget(it, { definition: pages, fresh });
});

describe('Cloudflare Secrets Store, the contract', () => {
  const fresh = world({
    connect: (context) => store.connect({ account_id: ACCOUNT }, context),
    missing: (context) => store.connect({ account_id: ACCOUNT, store_id: '0'.repeat(32) }, context),
    where: async (cloud) => ({ store: await storeId(cloud) }),
    async stranger(cloud, name, value) {
      const at = `secrets_store/stores/${await storeId(cloud)}/secrets`;
      const found = (await call(cloud, 'GET', `${at}?per_page=100`)).find((secret) => secret['name'] === name);
      if (found === undefined) await call(cloud, 'POST', at, [{ name, value, scopes: ['workers'] }]);
      else await call(cloud, 'PATCH', `${at}/${String(found['id'])}`, { value });
    },
  });
  testTarget(it, { definition: store, fresh });
});
