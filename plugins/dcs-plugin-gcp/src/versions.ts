import { DcsError, type Host } from 'dcs-sdk';
import { each } from './batch.ts';
import { keptByDcs } from './marks.ts';
import { idOf } from './naming.ts';
import type { GcpOptions } from './options.ts';
import type { Pace } from './pace.ts';
import type { SecretsApi, Stored, Version } from './secrets-api.ts';

export interface History {
  readonly secret: string;
  readonly versions: readonly Version[];
}

/** The secrets that dcs keeps, or those named, with all their versions, newest first. */
export async function histories(
  api: SecretsApi,
  names: readonly string[],
  naming: Pick<GcpOptions, 'case' | 'id_prefix'>,
): Promise<History[]> {
  const all = await api.all();
  const kept = all.filter((secret) => secret.id.startsWith(naming.id_prefix ?? '') && keptByDcs(secret));
  const chosen = names.length === 0 ? kept : names.map((name) => named(all, name, naming));
  const found = new Map<string, History>();
  await each(chosen, async ({ id }) => {
    const versions = (await api.versions(id)).toSorted((a, b) => b.version - a.version);
    found.set(id, { secret: id, versions });
  });
  return [...found.values()].toSorted((a, b) => (a.secret < b.secret ? -1 : 1));
}

/** A secret by its id or by the name that Doppler has for it. */
function named(all: readonly Stored[], name: string, naming: Pick<GcpOptions, 'case' | 'id_prefix'>): Stored {
  const found = all.find(({ id }) => id === name) ?? all.find(({ id }) => id === idOf(name, naming));
  if (found) return found;
  throw new DcsError('USAGE', `There is no secret ${name}.`, { hint: 'dcs gcp versions list' });
}

export interface Pruned {
  readonly secret: string;
  readonly version: number;
}

/** What pruning would touch: enabled versions older than the newest `keep`, or with `destroy` disabled ones. The newest version is never among them. */
export function prunable({ secret, versions }: History, keep: number, destroy: boolean): Pruned[] {
  const standing = versions.filter(({ state }) => state !== 'DESTROYED');
  const wanted = destroy ? 'DISABLED' : 'ENABLED';
  const spared = new Set([versions[0], ...standing.slice(0, keep)]);
  return standing.filter((one) => one.state === wanted && !spared.has(one)).map(({ version }) => ({ secret, version }));
}

/** Disables or destroys, once agreed. Answers what was done; null when nobody agreed. */
export async function prune(
  api: SecretsApi,
  pace: Pace,
  host: Host,
  project: string,
  chosen: readonly Pruned[],
  destroy: boolean,
): Promise<readonly Pruned[] | null> {
  if (chosen.length === 0) return [];
  const what = destroy ? 'Destroy, for ever,' : 'Disable';
  const secrets = new Set(chosen.map(({ secret }) => secret)).size;
  if (!(await host.confirm(`${what} ${chosen.length} versions of ${secrets} secrets in project ${project}?`, '--yes'))) return null;
  for (const { secret, version } of chosen) {
    await pace.turn(project);
    await api.setState(secret, version, destroy ? 'destroy' : 'disable');
  }
  return chosen;
}
