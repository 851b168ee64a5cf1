import { randomUUID } from 'node:crypto';
import type { Route } from '../server/cloud.ts';
import { isObject, type Json, objectBody, paged, Refusal, type Success } from './envelope.ts';
import { type Ground, product, type SignedToAccount } from './gate.ts';
import {
  type Account,
  type Binding,
  type PagesConfig,
  type PagesDeployment,
  type PagesEnvironment,
  type PagesProject,
  type World,
  tick,
} from './state.ts';

const READ = 'Pages Read';
const WRITE = 'Pages Write';
const ENVIRONMENTS = ['production', 'preview'] as const;
const POLLS_UNTIL_DONE = 2;
const PAGE = { fallback: 10, most: 25 };

const invalid = (what: string) => new Refusal(400, 8000022, what);

export function projectNamed(account: Account, name: string): PagesProject {
  const project = account.pages.get(name);
  if (project === undefined)
    throw new Refusal(404, 8000007, 'Project not found. The specified project name does not match any of your existing projects.');
  return project;
}

const projectOf = ({ account, call }: SignedToAccount): PagesProject => projectNamed(account, call.params['project'] ?? '');

function variables(vars: ReadonlyMap<string, Binding>): Json | null {
  if (vars.size === 0) return null;
  return Object.fromEntries([...vars].map(([name, { type, text }]) => [name, { type, value: type === 'secret_text' ? '' : text }]));
}

const configView = ({ vars, wranglerConfigHash }: PagesConfig): Json => ({
  env_vars: variables(vars),
  fail_open: true,
  compatibility_date: '2026-11-01',
  ...(wranglerConfigHash === undefined ? {} : { wrangler_config_hash: wranglerConfigHash }),
});

function deploymentView(project: PagesProject, deployment: PagesDeployment): Json {
  const { id, environment, created, vars, pollsLeft } = deployment;
  const stage = {
    name: 'deploy',
    status: pollsLeft > 0 ? 'active' : 'success',
    started_on: created,
    ended_on: pollsLeft > 0 ? null : created,
  };
  const url = `https://${id.slice(0, 8)}.${project.name}.pages.dev`;
  const shared = { project_id: project.id, project_name: project.name, created_on: created, modified_on: created };
  return {
    id,
    short_id: id.slice(0, 8),
    ...shared,
    environment,
    url,
    env_vars: variables(vars) ?? {},
    latest_stage: stage,
    stages: [stage],
    is_skipped: false,
  };
}

function projectView(project: PagesProject): Json {
  const last = project.deployments.at(-1);
  return {
    id: project.id,
    name: project.name,
    subdomain: `${project.name}.pages.dev`,
    domains: [`${project.name}.pages.dev`],
    production_branch: project.branch,
    created_on: project.created,
    deployment_configs: { production: configView(project.configs.production), preview: configView(project.configs.preview) },
    latest_deployment: last === undefined ? null : deploymentView(project, last),
  };
}

function variable(name: string, sent: unknown): Binding {
  if (!isObject(sent) || name === '' || typeof sent['value'] !== 'string') throw invalid(`The variable '${name}' is not valid.`);
  const type = sent['type'] ?? 'plain_text';
  if (type !== 'plain_text' && type !== 'secret_text') throw invalid(`The type of the variable '${name}' is not valid.`);
  return { type, text: sent['value'] };
}

/** JSON Merge Patch: an object upserts, null deletes (also what is not there), an absent name stays. */
function merged(config: PagesConfig, sent: unknown): PagesConfig {
  if (!isObject(sent)) return config;
  const vars = new Map(config.vars);
  for (const [name, change] of Object.entries(isObject(sent['env_vars']) ? sent['env_vars'] : {})) {
    if (change === null) vars.delete(name);
    else vars.set(name, variable(name, change));
  }
  const hash = sent['wrangler_config_hash'] ?? config.wranglerConfigHash;
  return typeof hash === 'string' ? { vars, wranglerConfigHash: hash } : { vars };
}

function patchedConfigs(project: PagesProject, sent: unknown): PagesProject['configs'] {
  const patch = isObject(sent) ? sent : {};
  return {
    production: merged(project.configs.production, patch['production']),
    preview: merged(project.configs.preview, patch['preview']),
  };
}

export function newProject(world: World, account: Account, name: string, branch: string): PagesProject {
  const configs = { production: { vars: new Map() }, preview: { vars: new Map() } };
  const project: PagesProject = { id: randomUUID(), name, created: tick(world), branch, configs, deployments: [] };
  account.pages.set(name, project);
  return project;
}

export function newDeployment(
  world: World,
  project: PagesProject,
  environment: PagesEnvironment,
  pollsLeft = POLLS_UNTIL_DONE,
): PagesDeployment {
  const vars = new Map(project.configs[environment].vars);
  const deployment: PagesDeployment = { id: randomUUID(), environment, created: tick(world), vars, pollsLeft };
  project.deployments.push(deployment);
  return deployment;
}

function createProject({ account, call, world }: SignedToAccount): Success {
  const body = objectBody(call, 8000022);
  const { name, production_branch: branch } = body;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,57}$/.test(name)) throw invalid('The project name is not valid.');
  if (account.pages.has(name)) throw new Refusal(409, 8000002, 'A project with this name already exists. Choose a different project name.');
  const project = newProject(world, account, name, typeof branch === 'string' ? branch : 'main');
  project.configs = patchedConfigs(project, body['deployment_configs']);
  return { result: projectView(project) };
}

function patchProject(signed: SignedToAccount): Success {
  const project = projectOf(signed);
  const body = objectBody(signed.call, 8000022);
  project.configs = patchedConfigs(project, body['deployment_configs']);
  if (typeof body['production_branch'] === 'string') project.branch = body['production_branch'];
  return { result: projectView(project) };
}

function deploymentOf(signed: SignedToAccount): PagesDeployment {
  const deployment = projectOf(signed).deployments.find(({ id }) => id === signed.call.params['deployment']);
  if (deployment === undefined)
    throw new Refusal(404, 8000009, 'The deployment ID you have specified does not exist. Update the deployment ID and try again.');
  return deployment;
}

/** Reading a deployment brings it one step nearer to its end: time passes by polls, so tests need not wait. */
function readDeployment(project: PagesProject, deployment: PagesDeployment): Json {
  const view = deploymentView(project, deployment);
  deployment.pollsLeft = Math.max(0, deployment.pollsLeft - 1);
  return view;
}

function listDeployments(signed: SignedToAccount): Success {
  const project = projectOf(signed);
  const environment = signed.call.query.get('env');
  if (environment !== null && !ENVIRONMENTS.some((known) => known === environment)) throw invalid('The env parameter is not valid.');
  const matching = project.deployments.toReversed().filter((deployment) => environment === null || deployment.environment === environment);
  const { items, info } = paged(signed.call, matching, PAGE);
  return { result: items.map((deployment) => readDeployment(project, deployment)), info };
}

async function createDeployment(signed: SignedToAccount): Promise<Success> {
  const project = projectOf(signed);
  const type = signed.call.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) throw invalid('A deployment is uploaded as multipart/form-data.');
  const form = await new Response(new Uint8Array(signed.call.raw), { headers: { 'content-type': type } }).formData();
  const branch = form.get('branch') ?? project.branch;
  const environment = branch === project.branch ? 'production' : 'preview';
  return { result: deploymentView(project, newDeployment(signed.world, project, environment)) };
}

function retryDeployment(signed: SignedToAccount): Success {
  const project = projectOf(signed);
  const { environment } = deploymentOf(signed);
  return { result: deploymentView(project, newDeployment(signed.world, project, environment)) };
}

/** Pages projects and deployments. https://developers.cloudflare.com/api/resources/pages/, last verified 2026-11-21. */
export function pagesRoutes(ground: Ground): Route[] {
  const project = '/pages/projects/:project';
  return [
    product(ground, 'GET', '/pages/projects', READ, ({ account, call }) => {
      const { items, info } = paged(call, [...account.pages.values()].map(projectView), PAGE);
      return { result: items, info };
    }),
    product(ground, 'POST', '/pages/projects', WRITE, createProject),
    product(ground, 'GET', project, READ, (signed) => ({ result: projectView(projectOf(signed)) })),
    product(ground, 'PATCH', project, WRITE, patchProject),
    product(ground, 'GET', `${project}/deployments`, READ, listDeployments),
    product(ground, 'POST', `${project}/deployments`, WRITE, createDeployment),
    product(ground, 'GET', `${project}/deployments/:deployment`, READ, (signed) => ({
      result: readDeployment(projectOf(signed), deploymentOf(signed)),
    })),
    product(ground, 'POST', `${project}/deployments/:deployment/retry`, WRITE, retryDeployment),
  ];
}
