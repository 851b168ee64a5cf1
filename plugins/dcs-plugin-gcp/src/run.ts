import { defineTarget, isDcsError, type Context, type Entry, type Mark, type Target } from 'dcs-sdk';
import { accessOf } from './access.ts';
import { openGoogle, type Google } from './api.ts';
import { CREDENTIALS } from './auth.ts';
import { endpointOf } from './endpoints.ts';
import { markOf, revisionOf } from './marks.ts';
import { refusedName } from './naming.ts';
import { vendorPace, type Pace } from './pace.ts';
import { kindOf, runFields, runSchema, type RunOptions } from './run-options.ts';
import { write, type Ground } from './run-write.ts';
import { secretsApi, type Newest, type Stored } from './secrets-api.ts';
import { trailOf } from './sight.ts';
import { openWorkload, type Variable } from './workload.ts';
import { outcomeOf } from './write.ts';

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

/** What tests set besides options. */
export interface RunManner {
  readonly pace?: Pace;
  readonly google?: Google;
  /** Milliseconds between deployments that a fresh grant does not reach yet. */
  readonly waits?: readonly number[];
}

/** A grant counts within minutes: https://cloud.google.com/secret-manager/docs/consistency, last verified 2026-11-21. */
const WAITS = [5_000, 10_000, 20_000, 40_000, 60_000];

/** Secrets in Secret Manager, bound as variables: a write adds versions first and then deploys them together. */
export function connectRun(options: RunOptions, context: Context, manner: RunManner = {}): Target {
  const { pace = vendorPace, google = openGoogle(context), waits = WAITS } = manner;
  const place = { project_id: options.project_id };
  const ground: Ground = {
    options,
    pace,
    waits,
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
  if (variables.every(({ id }) => id === undefined)) return variables.map((variable) => entryOf(variable, undefined, undefined));
  const stored = new Map((await secrets.all()).map((secret) => [secret.id, secret]));
  // A reference may name its project by id or by number.
  const here = (each: Variable): boolean =>
    each.id !== undefined && (each.project === undefined || stored.get(each.id)?.project === each.project);
  const newest = new Map<string, Newest | undefined>();
  // A secret may be bound twice, at two versions: each round asks for one of them.
  for (let rest = variables.filter((each) => here(each) && stored.has(each.id!)); rest.length > 0;) {
    const round = new Map(rest.map((variable) => [variable.id!, variable]));
    const found = await secrets.newest(new Map([...round].map(([id, { version }]) => [id, numberOf(version)])));
    for (const [id, { version }] of round) newest.set(`${id} ${version}`, found.get(id));
    rest = rest.filter((variable) => round.get(variable.id!) !== variable && !newest.has(`${variable.id} ${variable.version}`));
  }
  return variables.map((variable) => {
    if (!here(variable)) return entryOf(variable, undefined, undefined);
    const { project: _, ...own } = variable;
    return entryOf(own, stored.get(own.id!), newest.get(`${own.id} ${own.version}`));
  });
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
