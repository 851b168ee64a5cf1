import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { WORKER } from '../../e2e/world.ts';
import type { Arena } from '../faults/arena.ts';
import { call, peeked, storeId } from '../faults/places.ts';
import { INHERITED, ODD } from './names.ts';

/** A place that dcs writes, and which names it can have: the vendor's words, not dcs's. */
interface Place {
  readonly name: string;
  readonly entry: string;
  readonly takes: (name: string) => boolean;
  /** All names that stand there, whoever wrote them. */
  names(arena: Arena): Promise<readonly string[]>;
  value(arena: Arena, name: string): Promise<string | null>;
  /** A stranger writes these. */
  byHand(arena: Arena, names: readonly string[]): Promise<void>;
}

const { accountId: ACCOUNT, token: TOKEN, pages: PAGES } = SEED.cloudflare;
const { project: PROJECT, token: GOOGLE, region: REGION, service: SERVICE, runAccount: RUN_ACCOUNT } = SEED.google;
const account = `/client/v4/accounts/${ACCOUNT}`;
const theirs = (name: string): string => `theirs: ${name}`;
const valueOf = (name: string): string => `value of ${name}`;
const listed = (found: unknown): string[] => (found as { name: string }[]).map(({ name }) => name.split('/').at(-1)!);
const value = async (arena: Arena, cloud: string, at: Readonly<Record<string, string>>, name: string): Promise<string | null> =>
  (await peeked(arena, cloud, at, name)).value;

const worker: Place = {
  name: 'a Worker',
  entry: `type: cloudflare, account_id: ${ACCOUNT}, worker: ${WORKER}`,
  takes: (name) => /^[A-Za-z_$][\w$]*$/.test(name),
  names: async (arena) => listed((await call(arena, 'GET', `${account}/workers/scripts/${WORKER}/secrets`, TOKEN))['result']),
  value: (arena, name) => value(arena, 'cloudflare', { account: ACCOUNT, worker: WORKER }, name),
  async byHand({ w }, names) {
    for (const name of names) await w.edit(name, theirs(name));
  },
};

type Vars = { deployment_configs: { production: { env_vars: object | null } } };
const project = `${account}/pages/projects/${PAGES}`;
const pages: Place = {
  name: 'Pages',
  entry: `type: cloudflare-pages, account_id: ${ACCOUNT}, project: ${PAGES}`,
  takes: worker.takes,
  names: async (arena) =>
    Object.keys(((await call(arena, 'GET', project, TOKEN))['result'] as Vars).deployment_configs.production.env_vars ?? {}),
  value: (arena, name) => value(arena, 'cloudflare', { account: ACCOUNT, pages: PAGES }, name),
  async byHand(arena, names) {
    const env_vars = Object.fromEntries(names.map((name) => [name, { type: 'secret_text', value: theirs(name) }]));
    await call(arena, 'PATCH', project, TOKEN, { deployment_configs: { production: { env_vars } } });
  },
};

const store: Place = {
  name: 'a Secrets Store',
  entry: `type: cloudflare-secrets-store, account_id: ${ACCOUNT}`,
  takes: (name) => !name.includes(' '),
  names: async (arena) =>
    listed((await call(arena, 'GET', `${account}/secrets_store/stores/${await storeId(arena)}/secrets?per_page=100`, TOKEN))['result']),
  value: async (arena, name) => value(arena, 'cloudflare', { account: ACCOUNT, store: await storeId(arena) }, name),
  async byHand(arena, names) {
    const body = names.map((name) => ({ name, value: theirs(name), scopes: ['workers'] }));
    await call(arena, 'POST', `${account}/secrets_store/stores/${await storeId(arena)}/secrets`, TOKEN, body);
  },
};

const secrets = `/google/secretmanager/v1/projects/${PROJECT}/secrets`;
const gcp: Place = {
  name: 'Secret Manager',
  entry: `type: gcp, project_id: ${PROJECT}`,
  takes: (name) => /^[A-Za-z0-9_-]{1,255}$/.test(name),
  names: async (arena) => listed((await call(arena, 'GET', `${secrets}?pageSize=1000`, GOOGLE))['secrets'] ?? []),
  value: (arena, name) => value(arena, 'google', { project: PROJECT }, name),
  async byHand({ w }, names) {
    for (const name of names) await w.post('/_sandbox/google/hand-edit', { project: PROJECT, name, value: theirs(name) });
  },
};

const inBundle = async (arena: Arena): Promise<ReadonlyMap<string, string>> =>
  new Map(Object.entries(JSON.parse((await gcp.value(arena, 'all')) ?? '{}') as Record<string, string>));
const bundle: Place = {
  ...gcp,
  name: 'a bundle of Secret Manager',
  entry: `type: gcp, project_id: ${PROJECT}, mode: bundle, secret: all`,
  names: async (arena) => [...(await inBundle(arena)).keys()],
  value: async (arena, name) => (await inBundle(arena)).get(name) ?? null,
  byHand: ({ w }, names) =>
    w.post('/_sandbox/google/hand-edit', {
      project: PROJECT,
      name: 'all',
      value: JSON.stringify(Object.fromEntries(names.map((name) => [name, theirs(name)]))),
    }) as Promise<void>,
};

type Variable = { name: string; value?: string; valueSource?: object };
const service = `/google/run/v2/projects/${PROJECT}/locations/${REGION}/services/${SERVICE}`;
const container = async (arena: Arena): Promise<{ env: Variable[] }> =>
  ((await call(arena, 'GET', service, GOOGLE)) as { template: { containers: { env: Variable[] }[] } }).template.containers[0]!;
const run: Place = {
  name: 'Cloud Run',
  entry: `type: gcp-run, project_id: ${PROJECT}, region: ${REGION}, service: ${SERVICE}`,
  takes: (name) => /^[A-Za-z_]\w*$/.test(name) && !/^(PORT|K_SERVICE|K_REVISION|K_CONFIGURATION|CLOUD_RUN_.*)$/.test(name),
  names: async (arena) => (await container(arena)).env.map(({ name }) => name),
  value: (arena, name) => value(arena, 'google', { project: PROJECT, service: SERVICE }, name),
  async byHand(arena, names) {
    await arena.w.post('/_sandbox/google/grants', {
      project: PROJECT,
      member: `serviceAccount:${RUN_ACCOUNT}`,
      roles: ['roles/secretmanager.secretAccessor'],
    });
    const ids = names.map((name) => ({ name, id: `theirs-${name}` }));
    for (const { name, id } of ids) await arena.w.post('/_sandbox/google/hand-edit', { project: PROJECT, name: id, value: theirs(name) });
    const bound = ids.map(({ name, id }) => ({ name, valueSource: { secretKeyRef: { secret: id, version: '1' } } }));
    const { env, ...rest } = await container(arena);
    const template = { containers: [{ ...rest, env: [...env, ...bound] }] };
    await call(arena, 'PATCH', `${service}?updateMask=template.containers`, GOOGLE, { template });
  },
};

const firebase: Place = {
  ...gcp,
  name: 'Firebase',
  entry: `type: firebase, project_id: ${PROJECT}`,
  takes: (name) => /^[A-Z_][A-Z0-9_]{0,254}$/.test(name) && !/^(X_GOOGLE_|FIREBASE_|EXT_|KIT_|PORT$|K_SERVICE$|GCLOUD_PROJECT$)/.test(name),
};

export const PLACES: readonly Place[] = [worker, pages, store, gcp, bundle, run, firebase];

/** Names of platforms, of programs and of other tools; every one of them somebody has in Doppler. */
const TAKEN = [
  'CLOUDFLARE_ACCOUNT_ID',
  'FIREBASE_CONFIG',
  'X_GOOGLE_THING',
  'EXT_THING',
  'GITHUB_TOKEN',
  'GITHUB_ENV',
  'PATH',
  'NODE_OPTIONS',
  'LD_PRELOAD',
  'PORT',
  'K_SERVICE',
  'CLOUD_RUN_JOB',
  'GCLOUD_PROJECT',
] as const;
/** What never leaves Doppler, and what dcs signs in with. */
const HOME = ['DOPPLER_PROJECT', 'DOPPLER_CONFIG', 'DOPPLER_ENVIRONMENT', 'DOPPLER_TOKEN', 'DCS_THING'] as const;
const CREDENTIALS = ['CLOUDFLARE_API_TOKEN', 'NEON_API_KEY'] as const;

/** Of a stranger, and in Doppler too; and of a stranger alone. */
const ASKED = 'propertyIsEnumerable';
const STRANGERS = ['isPrototypeOf', '__lookupGetter__', 'THEIRS'] as const;

const given = ODD.filter((name) => name !== 'isPrototypeOf');
const sources: readonly string[] = [...given, ...TAKEN, ...HOME, ...CREDENTIALS];

/** Doppler answers with these names, which its own API would not all take. */
async function doppler({ w }: Arena, names: readonly string[]): Promise<void> {
  const managed: Readonly<Record<string, string>> = { DOPPLER_PROJECT: 'shop', DOPPLER_CONFIG: 'stg', DOPPLER_ENVIRONMENT: 'stg' };
  const held = names.map((name) => [name, Object.hasOwn(managed, name) ? managed[name]! : valueOf(name)] as const);
  const body = { success: true, secrets: Object.fromEntries(held.map(([name, text]) => [name, { raw: text, computed: text }])) };
  const route = 'GET /v3/configs/config/secrets';
  await w.post('/_sandbox/faults', { cloud: 'doppler', route, times: 'forever', kind: 'status', status: 200, body });
}

interface Told {
  readonly targets?: readonly {
    readonly changes: readonly Item[];
    readonly others: readonly Item[];
    readonly withheld: readonly string[];
  }[];
}
interface Item {
  readonly name: string;
  readonly action: string;
}

/** All those names to one place: what is lost, inherited or touched. */
export async function arrives(arena: Arena, place: Place): Promise<{ wrong: readonly string[]; names: number }> {
  const { w } = arena;
  await arena.blank();
  await w.yaml(`doppler: shop\ntargets:\n  there: {${place.entry}, include: ["*"], shared: true}\n`);
  const strangers = STRANGERS.filter((name) => name === 'THEIRS' || place.takes(name));
  const asked = place.takes(ASKED) ? [ASKED] : [];
  await place.byHand(arena, [...strangers, ...asked]);
  const before = await place.names(arena);
  await doppler(arena, sources);
  const wrong: string[] = [];
  const is = (what: string, right: boolean): void => void (right || wrong.push(what));
  const sync = (...more: string[]) => arena.run(['sync', '-e', 'staging', '--yes', ...more], false);

  const plan = JSON.parse((await arena.run(['diff', '-e', 'staging'], false)).out) as Told;
  const [told] = plan.targets ?? [];
  const actions = new Map([...(told?.changes ?? []), ...(told?.others ?? [])].map(({ name, action }) => [name, action]));
  const leaves = sources.filter(
    (name) => !(HOME as readonly string[]).includes(name) && !(CREDENTIALS as readonly string[]).includes(name),
  );
  for (const name of leaves) {
    const right = !place.takes(name) ? 'blocked' : asked.includes(name) ? 'update' : 'create';
    is(`${name} is planned as ${actions.get(name)}`, actions.get(name) === right);
  }
  for (const name of [...CREDENTIALS, 'DCS_THING']) is(`${name} is not said to stay home`, told?.withheld.includes(name) === true);

  if (asked.length > 0) is('a name of a stranger needs no consent', (await sync()).code === 7);
  for (const name of asked) is(`${name} was overwritten without consent`, (await place.value(arena, name)) === theirs(name));
  const synced = await sync('--prune', ...(asked.length > 0 ? ['--allow', 'adopt'] : []));
  const blocked = leaves.some((name) => !place.takes(name));
  is(`the sync ends with ${synced.code}: ${synced.err}`, synced.code === (blocked ? 5 : 0));
  const right = leaves.filter((name) => place.takes(name));
  for (const name of right) is(`${name} is lost`, (await place.value(arena, name)) === valueOf(name));
  for (const name of strangers) is(`${name} of a stranger was touched`, (await place.value(arena, name)) === theirs(name));
  const wanted = new Set([...before, ...right]);
  for (const name of await place.names(arena)) is(`${name} stands there`, wanted.has(name));

  await w.forget();
  const again = await sync();
  const writes = (await arena.journal()).filter(
    ({ cloud, method, path }) => cloud !== 'doppler' && method !== 'GET' && !path.endsWith('/batch'),
  );
  is(`the next sync writes: ${again.out}`, writes.length === 0);

  // One of them goes, and no other.
  await arena.calm();
  await doppler(
    arena,
    sources.filter((name) => name !== INHERITED[0]),
  );
  await sync('--prune', '--allow', 'delete');
  const gone = !blocked && place.takes(INHERITED[0]);
  for (const name of right)
    is(`${name} after ${INHERITED[0]} went`, (await place.value(arena, name)) === (gone && name === INHERITED[0] ? null : valueOf(name)));
  await arena.calm();
  return { wrong: wrong.map((each) => `${place.name}: ${each}`), names: leaves.length };
}
