import {
  DcsError,
  defineTarget,
  isDcsError,
  type Context,
  type Entry,
  type Mark,
  type Outcome,
  type Put,
  type Target,
  type Write,
} from 'dcs-sdk';
import { accessOf, type Access } from './access.ts';
import { openGoogle } from './api.ts';
import { CREDENTIALS } from './auth.ts';
import { endpointOf } from './endpoints.ts';
import { markOf, revisionOf } from './marks.ts';
import { idOf, refusedName } from './naming.ts';
import { vendorPace, type Pace } from './pace.ts';
import { kindOf, runFields, runSchema, type RunOptions } from './run-options.ts';
import { secretsApi, type Newest, type SecretsApi, type Stored } from './secrets-api.ts';
import { trailOf, type Seen } from './sight.ts';
import { openWorkload, type Standing, type Variable, type Workload } from './workload.ts';
import { outcomeOf, put, type Desk } from './write.ts';

export default defineTarget<RunOptions>({
  type: 'gcp-run',
  title: 'Cloud Run',
  options: runSchema,
  keys: Object.keys(runFields),
  supports: { readable: true, ownership: true, atomic: false, trail: true },
  // 1,000 variables a container: https://cloud.google.com/run/quotas, last verified 2026-11-21.
  limits: {
    batch: 1000,
    count: 1000,
    valueBytes: 65_536,
    names: /^[A-Za-z_][A-Za-z0-9_]*$/,
    reserved: /^(PORT|K_SERVICE|K_REVISION|K_CONFIGURATION|CLOUD_RUN_.*)$/,
    empty: false,
  },
  credentials: CREDENTIALS,
  service: 'google',
  effect: 'now',
  nativeSyncs: ['gcp_secret_manager'], // its secrets lie there
  endpoint: (env) => endpointOf('secretmanager', env),
  place: placeOf,
  check: (name, _secret, options) => (options === undefined ? undefined : refusedName(name, options)),
  connect: (options, context) => connectRun(options, context),
});

function placeOf(options: RunOptions): string {
  const { kind, id } = kindOf(options);
  const { project_id, region, container } = options;
  return [project_id, region, kind, id, container].filter((part) => part !== undefined).join('/');
}

/** What both halves of a write need. */
interface Ground {
  readonly options: RunOptions;
  readonly secrets: SecretsApi;
  readonly workload: Workload;
  readonly access: Access;
  readonly pace: Pace;
  readonly context: Context;
}

/** Secrets in Secret Manager, bound as variables: a write adds versions first and then deploys them together. */
export function connectRun(options: RunOptions, context: Context, pace: Pace = vendorPace, google = openGoogle(context)): Target {
  const place = { project_id: options.project_id };
  const ground: Ground = {
    options,
    pace,
    context,
    secrets: secretsApi(google, place),
    workload: openWorkload(google, options, context.signal),
    access: accessOf(google, place),
  };
  return {
    async identify() {
      const { held } = await ground.workload.read();
      const waits = options.job !== undefined || held;
      const notes = held ? ['its traffic is held at older revisions: the new one is live when you move it'] : [];
      return { id: placeOf(options), title: ground.workload.title, notes, ...(waits ? { effect: 'next-deploy' as const } : {}) };
    },
    async list() {
      const { variables } = await ground.workload.read();
      return { entries: await entriesOf(variables, ground) };
    },
    async write(changes) {
      if (context.signal.aborted) return changes.map(({ name }) => ({ name, result: 'skipped' }));
      try {
        return await write(changes, ground);
      } catch (error) {
        if (!isDcsError(error)) throw error;
        return changes.map(({ name }) => outcomeOf(name, error));
      }
    },
  };
}

async function entriesOf(variables: readonly Variable[], { secrets }: Ground): Promise<Entry[]> {
  const bound = variables.filter((each) => each.id !== undefined && each.project === undefined);
  if (bound.length === 0) return variables.map((variable) => entryOf(variable, undefined, undefined));
  const stored = new Map((await secrets.all()).map((secret) => [secret.id, secret]));
  const newest = new Map<string, Newest | undefined>();
  // A secret may be bound twice, at two versions: each round asks for one of them.
  for (let rest = bound.filter(({ id }) => stored.has(id!)); rest.length > 0;) {
    const round = new Map(rest.map((variable) => [variable.id!, variable]));
    const found = await secrets.newest(new Map([...round].map(([id, { version }]) => [id, numberOf(version)])));
    for (const [id, { version }] of round) newest.set(`${id} ${version}`, found.get(id));
    rest = rest.filter((variable) => round.get(variable.id!) !== variable && !newest.has(`${variable.id} ${variable.version}`));
  }
  return variables.map((variable) => entryOf(variable, stored.get(variable.id ?? ''), newest.get(`${variable.id} ${variable.version}`)));
}

const numberOf = (version: string | undefined): number | undefined =>
  version === undefined || !/^\d+$/.test(version) ? undefined : Number(version);

function entryOf({ name, id, project, version }: Variable, secret: Stored | undefined, newest: Newest | undefined): Entry {
  if (id === undefined) return { name, locked: 'a plain variable bears this name' };
  if (project !== undefined) return { name, locked: `it is bound to a secret of project ${project}` };
  // An alias may stand for any version.
  const known = version === 'latest' || numberOf(version) !== undefined ? newest : undefined;
  const { mark } = secret === undefined ? {} : markOf(secret);
  const current = mark?.revision !== undefined && known !== undefined && mark.revision === revisionOf(id, known.version);
  const { mac: _mac, keyId: _key, revision: _revision, ...bare } = mark ?? {};
  const own = mark && (current ? mark : (bare as Mark));
  return { name, trail: trailOf(id, known), ...(known?.value === undefined ? {} : { value: known.value }), ...(own ? { mark: own } : {}) };
}

/** Checks rights, writes versions, binds them all in one deployment. */
async function write(changes: readonly Write[], ground: Ground): Promise<Outcome[]> {
  const { workload, options } = ground;
  const standing = await workload.read();
  const puts = changes.filter((change): change is Put => change.action !== 'delete');
  const outcomes = new Map<string, Outcome>();
  const bindings = new Map<string, { id: string; version: string } | null>();
  const desk = await deskOf(puts, ground);
  for (const change of puts) {
    const outcome = await ensure(change, idOf(change.name, options), standing, desk, ground);
    outcomes.set(change.name, outcome);
    const version = /@(\d+)$/.exec(outcome.revision ?? '')?.[1];
    if (outcome.result === 'done' && version !== undefined)
      bindings.set(change.name, { id: idOf(change.name, options), version: options.version === 'latest' ? 'latest' : version });
    else if (isDcsError(outcome.error) && (outcome.error.code === 'AUTH' || outcome.error.code === 'INTERRUPTED')) break;
  }
  for (const change of changes) if (change.action === 'delete') bindings.set(change.name, null);
  const told = (name: string): Outcome => outcomes.get(name) ?? { name, result: 'skipped' };
  if (bindings.size === 0) return changes.map(({ name }) => told(name));
  try {
    const revision = await workload.bind(standing, bindings);
    const live = revision === undefined ? {} : { live: `revision ${revision}` };
    return changes.map(({ name }) => ({
      ...(bindings.get(name) === null ? { name, result: 'done' } : told(name)),
      ...(bindings.has(name) ? live : {}),
    }));
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return changes.map(({ name }) => (bindings.has(name) ? outcomeOf(name, error) : told(name)));
  }
}

async function deskOf(puts: readonly Put[], { secrets, pace, options, context }: Ground): Promise<Desk> {
  const ids = new Set(puts.map(({ name }) => idOf(name, options)));
  const stored = puts.length === 0 ? [] : (await secrets.all()).filter(({ id }) => ids.has(id));
  const newest = await secrets.newest(new Map(stored.map(({ id }) => [id, undefined])));
  const seen = new Map<string, Seen>(stored.map((secret) => [secret.id, { secret, newest: newest.get(secret.id) }]));
  return {
    api: secrets,
    pace,
    project: options.project_id,
    keep: Number.POSITIVE_INFINITY,
    log: context.log,
    seen: (id) => seen.get(id),
    wrote: () => {},
    removed: () => {},
  };
}

/** Rights first, then the version; the rights of a secret that was just made come last. */
async function ensure(change: Put, id: string, { account }: Standing, desk: Desk, { access, options }: Ground): Promise<Outcome> {
  const { name } = change;
  try {
    const there = desk.seen(id) === undefined ? undefined : id;
    const refused = account === undefined || options.grant ? undefined : await unreadable(access, account, there, id);
    if (refused) return outcomeOf(name, refused);
    const outcome = await versionOf(change, id, desk);
    if (options.grant && account !== undefined && outcome.result === 'done') await access.grant([`serviceAccount:${account}`], id);
    return outcome;
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return outcomeOf(name, error);
  }
}

/** The newest version of the secret holds the value afterwards: there is one already, or it is added. What another wrote is not written over. */
async function versionOf(change: Put, id: string, desk: Desk): Promise<Outcome> {
  const { name, mark, birth: _, ...rest } = change;
  const found = desk.seen(id);
  if (found === undefined) return put({ ...change, action: 'create' }, id, desk);
  const { secret, newest } = found;
  if (newest?.value?.reveal() === change.secret.reveal()) return { name, result: 'done', revision: revisionOf(id, newest.version) };
  const before = markOf(secret).mark;
  const theirs = newest !== undefined && change.action === 'create' && (before === undefined || before.owner !== mark?.owner);
  if (theirs)
    throw new DcsError('TARGET', `Secret '${id}' is there, and this source did not write it.`, {
      why: 'Its value is another one. Nothing was written over it.',
      hint: ['id_prefix in dcs.yaml gives this target secrets of its own', 'or bind it by hand: then the adopt guard asks'],
    });
  const created = before?.created === true && (before.place === undefined || before.place === mark?.place);
  return put({ ...rest, name, action: 'update', ...(mark ? { mark: { ...mark, created } } : {}) }, id, desk);
}

async function unreadable(access: Access, account: string, id: string | undefined, name: string): Promise<DcsError | undefined> {
  if ((await access.mayRead(account, id)) !== false) return undefined;
  return new DcsError('TARGET', `The code runs as ${account}, which may not read secret '${name}'.`, {
    why: 'A deployment that binds it would fail. It was not written, and not bound.',
    hint: [
      'grant: true in dcs.yaml     dcs lets it read what it binds',
      `gcloud projects add-iam-policy-binding PROJECT --role roles/secretmanager.secretAccessor --member serviceAccount:${account}`,
    ],
  });
}
