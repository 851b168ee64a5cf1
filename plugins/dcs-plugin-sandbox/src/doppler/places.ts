import type { Reply, Route } from '../server/cloud.ts';
import { configOf, type Ground, mayRead, notServiceToken, ok, paged, projectOf, Refusal, type Signed, signed } from './gate.ts';
import { type Config, type Environment, newConfig, newEnvironment, newProject, type Project, record } from './state.ts';

const shownProject = (project: Project) => ({
  id: project.name,
  slug: project.name,
  name: project.name,
  description: project.description,
  created_at: project.created,
});

const shownEnvironment = (project: Project, { slug, name, created }: Environment) => ({
  id: slug,
  slug,
  name,
  initial_fetch_at: null,
  created_at: created,
  project: project.name,
});

const shownConfig = (config: Config) => ({
  name: config.name,
  slug: config.name,
  root: config.root,
  locked: config.locked,
  environment: config.environment,
  project: config.project,
  created_at: config.created,
  initial_fetch_at: config.fetched,
  last_fetch_at: config.fetched,
  inheritable: false,
  inheriting: false,
  inherits: [],
  inheritedBy: [],
});

function visibleProjects({ world, token }: Signed): Project[] {
  const all = [...world.projects.values()];
  if (token.kind === 'st') return all.filter(({ name }) => name === token.project);
  return token.kind === 'sa' || token.kind === 'said' ? all.filter(({ name }) => token.grants.includes(name)) : all;
}

/** https://docs.doppler.com/docs/platform-limits, last verified 2026-11-21; how Doppler words the refusal is not documented. */
const PLANS = {
  developer: { projects: 10, environments: 4, configs: 10 },
  team: { projects: 250, environments: 15, configs: 100 },
};

function withinPlan({ world }: Signed, held: number, what: keyof (typeof PLANS)['team']): void {
  if (held >= PLANS[world.tier][what]) throw new Refusal(403, `Your plan is limited to ${PLANS[world.tier][what]} ${what}`);
}

function createProject(call: Signed): Reply {
  notServiceToken(call);
  const name = (call.field('name') ?? '').toLowerCase();
  if (!/^[a-z0-9_-]{2,80}$/.test(name)) throw new Refusal(400, 'Please provide a valid project name.');
  if (call.world.projects.has(name)) throw new Refusal(400, 'Project name already exists');
  withinPlan(call, call.world.projects.size, 'projects');
  const project = newProject(call.world, name, call.field('description') ?? '');
  if (call.token.kind !== 'pt' && call.token.kind !== 'ct') call.token.grants.push(name);
  record(call.world, `Created project ${name}`);
  return ok({ project: shownProject(project) });
}

function removeProject(call: Signed): Reply {
  notServiceToken(call);
  const { name } = projectOf(call);
  call.world.projects.delete(name);
  for (const [value, token] of call.world.tokens) if (token.project === name) call.world.tokens.delete(value);
  return { status: 204 };
}

function environmentOf(call: Signed): Environment {
  const environment = projectOf(call).environments.get(call.field('environment') ?? '');
  if (environment === undefined) throw new Refusal(404, 'Could not find requested environment');
  return environment;
}

function createEnvironment(call: Signed): Reply {
  notServiceToken(call);
  const project = projectOf(call);
  const slug = (call.field('slug') ?? '').toLowerCase();
  const name = call.field('name') ?? '';
  if (!/^[a-z0-9_-]{2,50}$/.test(slug) || name.length < 2 || name.length > 50)
    throw new Refusal(400, 'Please provide a valid environment.');
  if (project.environments.has(slug)) throw new Refusal(400, 'Environment already exists');
  withinPlan(call, project.environments.size, 'environments');
  const personal = (call.call.body as { personal_configs?: unknown }).personal_configs === true;
  return ok({ environment: shownEnvironment(project, newEnvironment(project, slug, name, personal)) });
}

function removeEnvironment(call: Signed): Reply {
  notServiceToken(call);
  const { slug } = environmentOf(call);
  const project = projectOf(call);
  for (const config of [...project.configs.values()].filter(({ environment }) => environment === slug)) drop(call, project, config);
  project.environments.delete(slug);
  return { status: 204 };
}

function drop({ world }: Signed, project: Project, { name }: Config): void {
  project.configs.delete(name);
  for (const [value, token] of world.tokens) if (token.project === project.name && token.config === name) world.tokens.delete(value);
}

function listConfigs(call: Signed): Reply {
  const environment = call.call.query.get('environment');
  const all = [...projectOf(call).configs.values()]
    .filter((config) => mayRead(call.token, config))
    .filter((config) => environment === null || config.environment === environment);
  const { page, items } = paged(call.call, all);
  return ok({ page, configs: items.map(shownConfig) });
}

function newName(call: Signed, environment: string): string {
  const name = (call.field('name') ?? '').toLowerCase();
  if (!/^[a-z0-9_-]{2,60}$/.test(name) || !name.startsWith(`${environment}_`))
    throw new Refusal(400, `Config name must begin with the environment's slug: '${environment}_'`);
  if (projectOf(call).configs.has(name)) throw new Refusal(400, 'Config already exists');
  return name;
}

function createConfig(call: Signed): Reply {
  notServiceToken(call);
  const { slug } = environmentOf(call);
  withinPlan(call, [...projectOf(call).configs.values()].filter(({ environment }) => environment === slug).length, 'configs');
  return ok({ config: shownConfig(newConfig(projectOf(call), slug, newName(call, slug))) });
}

function cloneConfig(call: Signed): Reply {
  notServiceToken(call);
  const source = configOf(call);
  const copy = newConfig(projectOf(call), source.environment, newName(call, source.environment));
  for (const [name, stored] of source.secrets) copy.secrets.set(name, { ...stored });
  return ok({ config: shownConfig(copy) });
}

function removeConfig(call: Signed): Reply {
  notServiceToken(call);
  const config = configOf(call);
  if (config.locked) throw new Refusal(400, 'This config is locked');
  if (config.root) throw new Refusal(400, 'A root config goes with its environment');
  drop(call, projectOf(call), config);
  return { status: 204 };
}

function locking(locked: boolean) {
  return (call: Signed): Reply => {
    notServiceToken(call);
    const config = configOf(call);
    config.locked = locked;
    return ok({ config: shownConfig(config) });
  };
}

function listProjects(call: Signed): Reply {
  const { page, items } = paged(call.call, visibleProjects(call));
  return ok({ page, projects: items.map(shownProject) });
}

function listEnvironments(call: Signed): Reply {
  const project = projectOf(call);
  return ok({ environments: [...project.environments.values()].map((environment) => shownEnvironment(project, environment)) });
}

export function placeRoutes(ground: Ground): Route[] {
  const on = signed.bind(undefined, ground);
  const environment = '/v3/environments/environment';
  const config = '/v3/configs/config';
  return [
    on('GET', '/v3/projects', 'reads', listProjects),
    on('POST', '/v3/projects', 'writes', createProject),
    on('GET', '/v3/projects/project', 'reads', (call) => ok({ project: shownProject(projectOf(call)) })),
    on('DELETE', '/v3/projects/project', 'writes', removeProject),
    on('GET', '/v3/environments', 'reads', listEnvironments),
    on('POST', '/v3/environments', 'writes', createEnvironment),
    on('GET', environment, 'reads', (call) => ok({ environment: shownEnvironment(projectOf(call), environmentOf(call)) })),
    on('DELETE', environment, 'writes', removeEnvironment),
    on('GET', '/v3/configs', 'reads', listConfigs),
    on('POST', '/v3/configs', 'writes', createConfig),
    on('GET', config, 'reads', (call) => ok({ config: shownConfig(configOf(call)) })),
    on('DELETE', config, 'writes', removeConfig),
    on('POST', `${config}/clone`, 'writes', cloneConfig),
    on('POST', `${config}/lock`, 'writes', locking(true)),
    on('POST', `${config}/unlock`, 'writes', locking(false)),
  ];
}
