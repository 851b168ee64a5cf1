import { DcsError, type Host } from 'dcs-sdk';

/** What a webhook may start: an environment that a trigger of dcs.yaml names. */
export interface Allowed {
  readonly environment: string;
  readonly project: string;
  readonly config: string;
}

export const placeOf = (project: string, config: string): string => `${project}/${config}`;

/**
 * By Doppler's `project/config`: the only thing that a payload chooses from; of that only the environment of -e, where there is one.
 * Throws CONFIG where no trigger is a webhook's.
 */
export async function allowedOf(host: Host, env: string | undefined): Promise<ReadonlyMap<string, Allowed>> {
  const only = env === undefined ? undefined : (await host.environment()).name;
  const named = new Set(host.triggers('webhook').map(({ environment }) => environment));
  const allowed = (await host.environments())
    .filter(({ name }) => named.has(name) && (only ?? name) === name)
    .map(({ name, doppler }): [string, Allowed] => [placeOf(doppler.project, doppler.config), { environment: name, ...doppler }]);
  if (allowed.length > 0) return new Map(allowed);
  const hint = `triggers: [{type: webhook, environment: ${only ?? 'staging'}}]`;
  if (only !== undefined && named.size > 0) throw new DcsError('CONFIG', `No webhook trigger of dcs.yaml names ${only}.`, { hint });
  throw new DcsError('CONFIG', 'No trigger of dcs.yaml is of type webhook.', { why: 'A webhook starts only what a trigger names.', hint });
}

/** The project that all of them lie in, or the first of several: what a queue is called after. */
export const projectOf = (allowed: ReadonlyMap<string, Allowed>): string => [...allowed.values()][0]!.project;
