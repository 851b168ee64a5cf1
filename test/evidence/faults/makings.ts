import { parse } from 'yaml';
import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { dopplerHolds, neonApi, neonProject, settled } from '../../e2e/neon.ts';
import { WORKER } from '../../e2e/world.ts';
import type { Arena } from './arena.ts';
import { call, peeked } from './places.ts';

/** A command that makes things in a cloud, and what they are. */
export interface Making {
  readonly name: string;
  readonly args: readonly string[];
  /** Until everything is to be made, beside what is there and what strangers made. */
  prepare(arena: Arena): Promise<void>;
  /** All that there is, a line a thing: strangers' too, and two lines where a thing is there twice. What is random is left out. */
  holds(arena: Arena): Promise<readonly string[]>;
  /** The cloud is at work after a request, and the command waits for it. */
  readonly works?: boolean;
  /** What the same command ends with where nothing is left to do. */
  readonly nothingLeft?: number;
}

const { accountId: ACCOUNT, token: TOKEN } = SEED.cloudflare;
const { project: PROJECT, token: GOOGLE, runAccount: RUN_ACCOUNT } = SEED.google;
const THEIRS = 'of somebody else';
export const CANARY = 'canary-3f9c1e5b';

/** What no command may print. */
export async function secretsOf({ w }: Arena): Promise<readonly string[]> {
  const { projects } = await neonApi(w, 'GET', `/projects?org_id=${SEED.neon.org}`);
  const passwords = await Promise.all((projects as Named[]).map(async ({ id }) => [...(await passwordsOf(w, id)).values()]));
  return [...Object.values(SEED.tokens), TOKEN, GOOGLE, SEED.neon.key, CANARY, THEIRS, ...passwords.flat()];
}

/** `dcs.yaml targets.gcp.project_id = demo-shop`; a project of Neon has another id each time. */
async function settings(arena: Arena): Promise<string[]> {
  const leaves = (value: unknown, at: string): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, one]) => leaves(one, `${at}.${key}`))
      : [`${at} = ${String(value).replace(/^[a-z]+-[a-z]+-\d+$/, 'PROJECT')}`];
  return leaves(parse(await arena.read('dcs.yaml')), 'dcs.yaml');
}

const listOf = async (arena: Arena, path: string, token: string, key: string): Promise<Record<string, string>[]> =>
  ((await call(arena, 'GET', path, token))[key] ?? []) as Record<string, string>[];

const doppler: Making = {
  name: 'dcs provision doppler',
  args: ['provision', 'doppler', '--yes'],
  prepare: ({ w }) =>
    w.yaml('doppler:\n  project: bakery\n  configs: {dev: dev, checkout: dev_checkout, qa: qa, staging: stg, prod: prd}\n'),
  async holds(arena) {
    const user = SEED.tokens.user;
    const projects = await listOf(arena, '/v3/projects?per_page=100', user, 'projects');
    const inside = projects.map(async ({ name }) => {
      const [environments, configs] = await Promise.all([
        listOf(arena, `/v3/environments?project=${name}`, user, 'environments'),
        listOf(arena, `/v3/configs?project=${name}&per_page=100`, user, 'configs'),
      ]);
      const titled = environments.map(({ slug, name: title }) => `${name} environment ${slug} ${title}`);
      return [`project ${name}`, ...titled, ...configs.map((config) => `${name} config ${config['name']}`)];
    });
    return (await Promise.all(inside)).flat();
  },
};

const cloudflare: Making = {
  name: 'dcs provision cloudflare',
  args: ['provision', 'cloudflare', '--create', '--yes'],
  async prepare(arena) {
    await arena.w.yaml('doppler: shop\n');
    const env = { dev: {}, staging: { name: WORKER } };
    await arena.file('wrangler.jsonc', JSON.stringify({ name: 'shop-new', account_id: ACCOUNT, env }));
    await arena.w.edit('THEIRS', THEIRS);
  },
  async holds(arena) {
    const workers = await listOf(arena, `/client/v4/accounts/${ACCOUNT}/workers/scripts`, TOKEN, 'result');
    const versions = workers.map(async ({ id }) => {
      const { result } = await call(arena, 'GET', `/client/v4/accounts/${ACCOUNT}/workers/scripts/${id}/versions`, TOKEN);
      return (result as { items: object[] }).items.map(() => `version of Worker ${id}`);
    });
    const names = workers.map(({ id }) => `Worker ${id}`);
    return [...names, ...(await Promise.all(versions)).flat(), `THEIRS = ${await arena.w.worker('THEIRS')}`, ...(await settings(arena))];
  },
};

const services = `/google/serviceusage/v1/projects/${PROJECT}/services`;
const secrets = `/google/secretmanager/v1/projects/${PROJECT}/secrets`;
const GUEST = { role: 'roles/secretmanager.viewer', members: ['user:guest@example.com'] };

/** A project of Google that an earlier sync wrote, with this API taken away again; dcs.yaml lost what it said of it. */
const written =
  (type: 'gcp' | 'firebase', api: string): Making['prepare'] =>
  async (arena) => {
    const { w } = arena;
    await w.doppler('stg', { F_A: CANARY, F_B: CANARY });
    await w.yaml(`doppler: shop\ntargets: {there: {type: ${type}, project_id: ${PROJECT}, include: ["F_*"]}}\n`);
    const { code, err } = await arena.run(['sync', '-e', 'staging', '--yes'], false);
    if (code !== 0) throw new Error(err);
    await w.post('/_sandbox/google/hand-edit', { project: PROJECT, name: 'THEIRS', value: THEIRS });
    await call(arena, 'POST', `${secrets}/F_A:setIamPolicy`, GOOGLE, { policy: { bindings: [GUEST] } });
    await w.yaml('doppler: shop\n');
    await call(arena, 'POST', `${services}/${api}.googleapis.com:disable`, GOOGLE, {});
  };

async function holdsGoogle(arena: Arena): Promise<readonly string[]> {
  const apis = (await listOf(arena, services, GOOGLE, 'services')).map(({ name }) => `API ${name!.split('/').at(-1)}`);
  const names = ['F_A', 'F_B', 'THEIRS'];
  const values = names.map(async (name) => `${name} = ${JSON.stringify(await peeked(arena, 'google', { project: PROJECT }, name))}`);
  const readers = names.map(async (name) => {
    if (!apis.includes('API secretmanager.googleapis.com')) return [];
    const bindings = (await listOf(arena, `${secrets}/${name}:getIamPolicy`, GOOGLE, 'bindings')) as unknown as (typeof GUEST)[];
    return bindings.flatMap(({ role, members }) => members.map((member) => `${name}: ${member} is ${role}`));
  });
  return [...apis, ...(await Promise.all(values)), ...(await Promise.all(readers)).flat(), ...(await settings(arena))];
}

const gcp: Making = {
  name: 'dcs provision gcp',
  args: ['provision', 'gcp', '--project', PROJECT, '--accessor', RUN_ACCOUNT, '--yes'],
  prepare: written('gcp', 'secretmanager'),
  holds: holdsGoogle,
};

const firebase: Making = {
  name: 'dcs provision firebase',
  args: ['provision', 'firebase', '--accessor', RUN_ACCOUNT, '--yes'],
  async prepare(arena) {
    await written('firebase', 'cloudfunctions')(arena);
    await arena.file('firebase.json', '{"functions": {"source": "functions"}}');
    await arena.file('.firebaserc', JSON.stringify({ projects: { staging: PROJECT } }));
  },
  holds: holdsGoogle,
};

interface Named {
  readonly id: string;
  readonly name: string;
}
interface Branch extends Named {
  readonly parent_id?: string;
  readonly last_reset_at?: string;
}
const branchesOf = async (w: Arena['w'], project: string): Promise<Branch[]> =>
  (await neonApi(w, 'GET', `/projects/${project}/branches`)).branches;

/** Branch id to the password of its only role. */
async function passwordsOf(w: Arena['w'], project: string): Promise<ReadonlyMap<string, string>> {
  const found = (await branchesOf(w, project)).map(async ({ id }) => {
    const { password } = await neonApi(w, 'GET', `/projects/${project}/branches/${id}/roles/neondb_owner/reveal_password`);
    return [id, password as string] as const;
  });
  return new Map(await Promise.all(found));
}

async function holdsNeon(arena: Arena): Promise<readonly string[]> {
  const { w } = arena;
  await settled(w);
  const { projects } = await neonApi(w, 'GET', `/projects?org_id=${SEED.neon.org}`);
  const inside = (projects as Named[]).map(async ({ id, name }) => {
    const [branches, passwords, { endpoints }] = await Promise.all([
      branchesOf(w, id),
      passwordsOf(w, id),
      neonApi(w, 'GET', `/projects/${id}/endpoints`),
    ]);
    const titleOf = (branch: string | undefined): string => `${name}/${branches.find((each) => each.id === branch)?.name}`;
    return [
      `project ${name}`,
      ...(endpoints as { branch_id: string }[]).map(({ branch_id: branch }) => `compute of ${titleOf(branch)}`),
      ...branches.flatMap((branch) => [
        `branch ${titleOf(branch.id)} of ${titleOf(branch.parent_id)}`,
        ...(branch.last_reset_at === undefined ? [] : [`${titleOf(branch.id)} was reset`]),
        ...(passwords.get(branch.id) === passwords.get(branch.parent_id ?? '') ? [] : [`${titleOf(branch.id)} has its own password`]),
      ]),
    ];
  });
  const configs = ['dev', 'dev_personal'].map(async (config) => {
    const held = await dopplerHolds(w, config);
    return Object.entries(held).map(([name, value]) => `${config} ${name} = ${/^(NEON_|DATABASE_URL)/.test(name) ? '' : value}`);
  });
  return [
    ...(await Promise.all(inside)).flat(),
    ...(await Promise.all(configs)).flat(),
    ...(await pointed(arena)),
    ...(await settings(arena)),
  ];
}

/** Whether each config's password opens the branch that it names: the one thing that is right or wrong and not there or absent. */
async function pointed({ w }: Arena): Promise<string[]> {
  const configs = ['dev', 'dev_personal'].map(async (config) => {
    const { NEON_PROJECT_ID: project, NEON_BRANCH: name, NEON_PASSWORD: own, DATABASE_URL: url = '' } = await dopplerHolds(w, config);
    if (project === undefined) return [];
    const branch = (await branchesOf(w, project)).find((each) => each.name === name);
    const password = (await passwordsOf(w, project)).get(branch?.id ?? '');
    const opens = password !== undefined && own === password && url.includes(encodeURIComponent(password));
    return [`${config} opens ${opens ? name : 'nothing'}`];
  });
  return (await Promise.all(configs)).flat();
}

const neon = { holds: holdsNeon, works: true } as const;

const neonProvision: Making = {
  ...neon,
  name: 'dcs provision neon',
  args: ['provision', 'neon', '--project-name', 'bakery', '-e', 'dev', '--yes', '--allow', 'adopt'],
  async prepare({ w }) {
    await neonProject(w);
    await w.yaml('doppler: {project: shop, configs: {dev: dev, prod: prd}}\n');
  },
};

/** A project with the branches main and dev, and what else there is to begin with. */
const onBranches = (name: string, args: readonly string[], also: readonly string[] = []): Making => ({
  ...neon,
  name,
  args: [...args, '--yes'],
  async prepare({ w }) {
    const { id, dev } = await neonProject(w);
    for (const branch of also) {
      await neonApi(w, 'POST', `/projects/${id}/branches`, {
        branch: { name: branch, parent_id: dev },
        endpoints: [{ type: 'read_write' }],
      });
      await settled(w);
    }
    await w.yaml(`doppler: shop\nsources:\n  db: {type: neon, project_id: ${id}, branch: {dev: dev, prod: main}}\n`);
  },
});

export const MAKINGS: readonly Making[] = [
  doppler,
  cloudflare,
  gcp,
  firebase,
  neonProvision,
  onBranches('dcs neon branch create', ['neon', 'branch', 'create', 'checkout', '-e', 'dev']),
  onBranches('dcs neon branch reset', ['neon', 'branch', 'reset', 'dev']),
  { ...onBranches('dcs neon branch delete', ['neon', 'branch', 'delete', 'old'], ['old']), nothingLeft: 4 },
];
