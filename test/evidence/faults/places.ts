import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { dopplerHolds, neonProject } from '../../e2e/neon.ts';
import type { Arena } from './arena.ts';

/** A place that dcs writes. */
export interface Place {
  readonly name: string;
  /** Whose requests write it. */
  readonly cloud: 'cloudflare' | 'google' | 'doppler';
  /** The sync whose every request meets a fault. */
  readonly sync: readonly string[];
  /** Until something is to be created, changed, deleted and left alone, beside what strangers made. */
  prepare(arena: Arena): Promise<void>;
  /** What stands there, strangers' names too. */
  holds(arena: Arena): Promise<ReadonlyMap<string, string>>;
  /** Versions that the vendor keeps of each name. */
  versions?(arena: Arena): Promise<ReadonlyMap<string, number>>;
}

const { accountId: ACCOUNT, token: TOKEN, pages: PAGES } = SEED.cloudflare;
const { project: PROJECT, region: REGION, service: SERVICE, runAccount: RUN_ACCOUNT } = SEED.google;
const WORKER = 'shop-api-staging';
const NAMES = ['F_NEW_A', 'F_NEW_B', 'F_CHANGED', 'F_GONE', 'F_SAME', 'THEIRS'];
const SYNC = ['sync', '-e', 'staging', '--yes', '--prune', '--allow', 'delete'] as const;
const theirValue = 'of somebody else';

export async function call(arena: Arena, method: string, path: string, token: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${arena.w.origin}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

type At = Readonly<Record<string, string>>;
export async function peeked(
  arena: Arena,
  cloud: string,
  at: At,
  name: string,
): Promise<{ value: string | null; version?: number | null }> {
  const answer = await fetch(`${arena.w.origin}/_sandbox/${cloud}/peek?${new URLSearchParams({ ...at, name })}`);
  return (await answer.json()) as { value: string | null; version?: number | null };
}

/** Name by name through the back door. */
const peeks =
  (cloud: string, at: (arena: Arena) => At | Promise<At>): Place['holds'] =>
  async (arena) => {
    const place = await at(arena);
    const found = await Promise.all(NAMES.map(async (name) => [name, (await peeked(arena, cloud, place, name)).value] as const));
    return new Map(found.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])));
  };

/** A target of one type: dcs has synced it once, and Doppler moved on. */
function target(
  name: string,
  type: string,
  options: string,
  rest: Omit<Place, 'name' | 'sync' | 'prepare'> & { seed: Place['prepare'] },
): Place {
  const { seed, ...place } = rest;
  const prepare = async (arena: Arena): Promise<void> => {
    const { w } = arena;
    await w.yaml(`doppler: shop\ntargets:\n  there: {type: ${type}, include: ["F_*"], shared: true, ${options}}\n`);
    await seed(arena);
    await w.doppler('stg', { F_CHANGED: 'old', F_GONE: 'goes', F_SAME: 'stays' });
    const { code, err } = await arena.run(SYNC, false);
    if (code !== 0) throw new Error(`${name}: ${err}`);
    await w.doppler('stg', { F_CHANGED: 'new', F_GONE: null, F_NEW_A: 'one', F_NEW_B: 'two' });
  };
  return { name, sync: SYNC, prepare, ...place };
}

const worker = target('Cloudflare Worker', 'cloudflare', `account_id: ${ACCOUNT}, worker: ${WORKER}`, {
  cloud: 'cloudflare',
  seed: ({ w }) => w.edit('THEIRS', theirValue),
  holds: peeks('cloudflare', () => ({ account: ACCOUNT, worker: WORKER })),
});

const pages = target('Cloudflare Pages', 'cloudflare-pages', `account_id: ${ACCOUNT}, project: ${PAGES}`, {
  cloud: 'cloudflare',
  async seed(arena) {
    const env_vars = { THEIRS: { type: 'secret_text', value: theirValue } };
    const body = { deployment_configs: { production: { env_vars } } };
    await call(arena, 'PATCH', `/client/v4/accounts/${ACCOUNT}/pages/projects/${PAGES}`, TOKEN, body);
  },
  holds: peeks('cloudflare', () => ({ account: ACCOUNT, pages: PAGES })),
});

export async function storeId(arena: Arena): Promise<string> {
  const { result } = await call(arena, 'GET', `/client/v4/accounts/${ACCOUNT}/secrets_store/stores`, TOKEN);
  return (result as { id: string }[])[0]!.id;
}
const store = target('Cloudflare Secrets Store', 'cloudflare-secrets-store', `account_id: ${ACCOUNT}`, {
  cloud: 'cloudflare',
  async seed(arena) {
    const path = `/client/v4/accounts/${ACCOUNT}/secrets_store/stores/${await storeId(arena)}/secrets`;
    await call(arena, 'POST', path, TOKEN, [{ name: 'THEIRS', value: theirValue, scopes: ['workers'] }]);
  },
  holds: peeks('cloudflare', async (arena) => ({ account: ACCOUNT, store: await storeId(arena) })),
});

const versionsOf =
  (names: readonly string[]): NonNullable<Place['versions']> =>
  async (arena) => {
    const found = names.map(async (name) => [name, (await peeked(arena, 'google', { project: PROJECT }, name)).version ?? 0] as const);
    return new Map(await Promise.all(found));
  };
const theirsInGoogle = async ({ w }: Arena): Promise<void> =>
  void (await w.post('/_sandbox/google/hand-edit', { project: PROJECT, name: 'THEIRS', value: theirValue }));
const inGoogle = {
  cloud: 'google',
  seed: theirsInGoogle,
  holds: peeks('google', () => ({ project: PROJECT })),
  versions: versionsOf(NAMES),
} as const;

const bundle: typeof inGoogle = {
  ...inGoogle,
  async holds(arena) {
    const { value } = await peeked(arena, 'google', { project: PROJECT }, 'all');
    const { value: theirs } = await peeked(arena, 'google', { project: PROJECT }, 'THEIRS');
    return new Map(
      Object.entries({ ...(JSON.parse(value ?? '{}') as Record<string, string>), ...(theirs === null ? {} : { THEIRS: theirs }) }),
    );
  },
  versions: versionsOf(['all']),
};

const run = target('Cloud Run', 'gcp-run', `project_id: ${PROJECT}, region: ${REGION}, service: ${SERVICE}`, {
  ...inGoogle,
  async seed(arena) {
    const roles = ['roles/secretmanager.secretAccessor'];
    await arena.w.post('/_sandbox/google/grants', { project: PROJECT, member: `serviceAccount:${RUN_ACCOUNT}`, roles });
    await theirsInGoogle(arena);
    const at = `/google/run/v2/projects/${PROJECT}/locations/${REGION}/services/${SERVICE}`;
    const { template } = (await call(arena, 'GET', at, SEED.google.token)) as { template: { containers: { env: unknown[] }[] } };
    const [container] = template.containers;
    const theirs = { name: 'THEIRS', valueSource: { secretKeyRef: { secret: 'THEIRS', version: '1' } } };
    const containers = [{ ...container, env: [...container!.env, theirs] }];
    await call(arena, 'PATCH', `${at}?updateMask=template.containers`, SEED.google.token, { template: { containers } });
  },
  holds: peeks('google', () => ({ project: PROJECT, service: SERVICE })),
});

/** What people and dcs keep in a config. */
const holdsDoppler: Place['holds'] = async ({ w }) =>
  new Map(Object.entries(await dopplerHolds(w, 'dev')).filter(([name]) => !name.startsWith('DOPPLER_')));
const BRING = ['-e', 'dev', '--yes', '--allow', 'adopt'] as const;

const file: Place = {
  name: 'Doppler, from a file',
  cloud: 'doppler',
  sync: ['import', '.env', ...BRING],
  async prepare(arena) {
    await arena.w.yaml(`doppler: shop\ntargets: {there: {type: cloudflare, account_id: ${ACCOUNT}, worker: ${WORKER}, include: ["*"]}}\n`);
    await arena.w.doppler('dev', { F_CHANGED: 'old' });
    await arena.file('.env', 'F_CHANGED=new\nF_NEW_A=one\nF_NEW_B=two\n');
  },
  holds: holdsDoppler,
};

const neon: Place = {
  name: 'Doppler, from a Neon branch',
  cloud: 'doppler',
  sync: ['sync', 'db', ...BRING],
  async prepare({ w }) {
    await w.yaml('doppler: shop\n');
    const { id } = await neonProject(w);
    await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${id}, branch: {dev: dev, prod: main}}\n`);
  },
  holds: holdsDoppler,
};

export const PLACES: readonly Place[] = [
  worker,
  pages,
  store,
  target('Google Secret Manager', 'gcp', `project_id: ${PROJECT}`, inGoogle),
  target('Google Secret Manager, one bundle', 'gcp', `project_id: ${PROJECT}, mode: bundle, secret: all`, bundle),
  run,
  target('Firebase', 'firebase', `project_id: ${PROJECT}`, inGoogle),
  file,
  neon,
];
