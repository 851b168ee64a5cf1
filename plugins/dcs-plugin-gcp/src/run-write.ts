import { DcsError, isDcsError, type Context, type Outcome, type Put, type Write } from 'dcs-sdk';
import type { Access } from './access.ts';
import { markOf, revisionOf } from './marks.ts';
import { idOf } from './naming.ts';
import { NOT_ALLOWED, pause } from './operations.ts';
import type { Pace } from './pace.ts';
import type { RunOptions } from './run-options.ts';
import type { SecretsApi } from './secrets-api.ts';
import type { Seen } from './sight.ts';
import type { Standing, Workload } from './workload.ts';
import { outcomeOf, put, type Desk } from './write.ts';

/** What a target on Cloud Run works with. */
export interface Ground {
  readonly options: RunOptions;
  readonly secrets: SecretsApi;
  readonly workload: Workload;
  readonly access: Access;
  readonly pace: Pace;
  readonly waits: readonly number[];
  readonly context: Context;
}

type Bindings = Map<string, { readonly id: string; readonly version: string } | null>;

/** Checks rights, writes versions, binds them all in one deployment. */
export async function write(changes: readonly Write[], ground: Ground): Promise<Outcome[]> {
  const { workload, options } = ground;
  const standing = await workload.read();
  const puts = changes.filter((change): change is Put => change.action !== 'delete');
  const outcomes = new Map<string, Outcome>();
  const bindings: Bindings = new Map();
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
    const revision = await bind(bindings, standing, ground);
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

/** The account that was let in a moment ago may not be known everywhere yet. */
async function bind(bindings: Bindings, standing: Standing, { workload, options, waits, context }: Ground): Promise<string | undefined> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await workload.bind(tries === 0 ? standing : await workload.read(), bindings);
    } catch (error) {
      const wait = waits[tries];
      if (!options.grant || wait === undefined || !isDcsError(error) || error.details.vendorCode !== NOT_ALLOWED) throw error;
      context.log(`${workload.title}: the account may not read yet; once more in ${wait / 1000} s`);
      await pause(wait, context.signal);
    }
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
