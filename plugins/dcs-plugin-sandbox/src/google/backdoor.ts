import { SEED } from '../seed.ts';
import type { Call, Route } from '../server/cloud.ts';
import { variableValue } from './containers.ts';
import { credentialsFile, subjectToken } from './credentials.ts';
import { answered, invalid, type Json, objectBody, Refusal, text } from './envelope.ts';
import { type Ground, projectNamed } from './gate.ts';
import { VENDOR_LIMITS } from './quota.ts';
import { addSecret, dropSecret, findSecret } from './secrets.ts';
import { type Limits, type Project, type World, tick } from './state.ts';
import { addVersion, resolve } from './versions.ts';
import { serving } from './workloads.ts';

function projectOf(world: World, id: unknown): Project {
  const project = projectNamed(world, text(id, 'project'));
  if (project === undefined) throw new Refusal('NOT_FOUND', 'The sandbox has no such project.');
  return project;
}

/** What the code that serves now reads in the variable `name`; null when it is not set. */
function peekInside(world: World, project: Project, query: URLSearchParams): Json {
  const location = query.get('location') ?? SEED.google.region;
  const code =
    project.functions.get(`${location}/${query.get('function')}`) ??
    project.workloads.get(`services/${location}/${query.get('service')}`) ??
    project.workloads.get(`jobs/${location}/${query.get('job')}`);
  const template = code === undefined ? undefined : serving(world, code)?.template;
  if (template === undefined) throw new Refusal('NOT_FOUND', 'Nothing of that name serves in the sandbox.');
  return { ...variableValue(world, project, template, text(query.get('name'), 'name')) };
}

/** The value of a secret's version, newest without one, whatever its state; null when there is none. */
function peek(world: World, { query }: Call): Json {
  const project = projectOf(world, query.get('project'));
  if (['function', 'service', 'job'].some((kind) => query.has(kind))) return peekInside(world, project, query);
  const secret = findSecret(project, query.get('location') ?? '', text(query.get('name'), 'name'));
  const wanted = query.get('version');
  const version = wanted === null || secret === undefined ? secret?.versions.at(-1) : resolve(world, project, secret, wanted);
  return { value: version === undefined ? null : Buffer.from(version.data, 'base64').toString('utf8'), version: version?.number ?? null };
}

/** Somebody in the console: a new version, a new secret when there is none, or, for null, none any more. */
function handEdit(world: World, call: Call): Json {
  const { project: id, name, value, location = '' } = objectBody(call);
  const project = projectOf(world, id);
  if (typeof location !== 'string') throw invalid('location is text');
  const known = findSecret(project, location, text(name, 'name'));
  if (value === null) {
    if (known !== undefined) dropSecret(world, project, known);
    return {};
  }
  const replication = location === '' ? { replication: { automatic: {} } } : {};
  const secret = known ?? addSecret(world, project, location, text(name, 'name'), replication);
  return { version: addVersion(world, secret, Buffer.from(text(value, 'value'))).number };
}

/** The vendor's quotas from now on, or others (`{writes: 3}`); without a body none. */
function setLimits({ world, quota }: Ground, call: Call): Json {
  quota.clear();
  const body = objectBody(call);
  const known = Object.keys(VENDOR_LIMITS) as (keyof Limits)[];
  const given = known.flatMap((key) => (typeof body[key] === 'number' ? [[key, body[key]] as const] : []));
  world.limits = call.raw.length === 0 ? null : { ...VENDOR_LIMITS, ...Object.fromEntries(given) };
  return { limits: world.limits };
}

/** `{lag: ms}`: how far `latest`, lists and grants are behind. `{held: true}`: they stay as they are now until `{held: false}`. */
function setConsistency(world: World, call: Call): Json {
  const { lag = 0, held = false } = objectBody(call);
  if (typeof lag !== 'number' || !(lag >= 0)) throw invalid('lag is a number');
  Object.assign(world, { lag, held: held === true ? tick(world) : null });
  return { lag, held: held === true };
}

/** `{ms}`: how long operations take from now on. `{fail}`: what the next one ends with. */
function setOperations(world: World, call: Call): Json {
  const { ms = world.operationTime, fail = null } = objectBody(call);
  if (typeof ms !== 'number' || !(ms >= 0)) throw invalid('ms is a number');
  Object.assign(world, { operationTime: ms, nextFailure: fail === null ? null : text(fail, 'fail') });
  return { ms };
}

/** `{value, member, expires?}`: an access token of somebody else; `expires` in seconds from now, negative for one that is over. */
function addToken(world: World, call: Call): Json {
  const { value, member, expires } = objectBody(call);
  const end = typeof expires === 'number' ? Date.now() + expires * 1000 : null;
  world.tokens.set(text(value, 'value'), { member: text(member, 'member'), expires: end });
  return {};
}

/** `{project, member, roles}`: these roles on the project besides what is granted already. */
function addGrants(world: World, call: Call): Json {
  const { project: id, member, roles } = objectBody(call);
  const { policy } = projectOf(world, id);
  const added = (Array.isArray(roles) ? roles : []).map((role) => ({ role: text(role, 'roles'), members: [text(member, 'member')] }));
  policy.bindings = [...policy.bindings, ...added];
  return {};
}

/** `{project, config, variable, text}`: a legacy variable of functions.config(); `text: null` takes it away. */
function setRuntimeConfig(world: World, call: Call): Json {
  const { project: id, config: name, variable, text: value } = objectBody(call);
  const { runtimeConfig } = projectOf(world, id);
  const config = runtimeConfig.get(text(name, 'config')) ?? new Map<string, string>();
  runtimeConfig.set(text(name, 'config'), config);
  if (value === null) config.delete(text(variable, 'variable'));
  else config.set(text(variable, 'variable'), text(value, 'text'));
  return {};
}

/** What no vendor offers and every test needs: looking at values, strangers at work, and switches. */
export function backdoorRoutes(ground: Ground): Route[] {
  const { world } = ground;
  const at = (method: string, path: string, run: (call: Call) => Json): Route => ({
    method,
    path: `/_sandbox/google/${path}`,
    answer: (call) => answered(() => run(call)),
  });
  return [
    at('GET', 'peek', (call) => peek(world, call)),
    at('POST', 'hand-edit', (call) => handEdit(world, call)),
    at('POST', 'limits', (call) => setLimits(ground, call)),
    at('POST', 'consistency', (call) => setConsistency(world, call)),
    at('POST', 'operations', (call) => setOperations(world, call)),
    at('POST', 'tokens', (call) => addToken(world, call)),
    at('POST', 'grants', (call) => addGrants(world, call)),
    at('POST', 'runtime-config', (call) => setRuntimeConfig(world, call)),
    at('POST', 'credentials', (call) => credentialsFile(world, call)),
    {
      method: 'GET',
      path: '/_sandbox/google/subject-token',
      answer: ({ query }) => ({
        status: 200,
        headers: { 'content-type': 'text/plain' },
        text: subjectToken(query.get('sub') ?? 'sandbox-ci'),
      }),
    },
  ];
}
