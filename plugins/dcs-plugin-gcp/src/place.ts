import type { Identity } from 'dcs-sdk';
import type { GcpOptions } from './options.ts';
import type { SecretsApi } from './secrets-api.ts';

export function placeOf({ project_id, region, id_prefix, secret }: GcpOptions): string {
  const within = secret ?? (id_prefix === undefined ? undefined : `${id_prefix}*`);
  return [project_id, region, within].filter((part) => part !== undefined).join('/');
}

const EFFECT = 'readers of `latest` see it now; what pins a version, or binds it as a variable, after its next deployment';

/** Fails where the project is not there, or not ours to look into. */
export async function identify(api: SecretsApi, options: GcpOptions): Promise<Identity> {
  await api.reach();
  const region = options.region === undefined ? '' : `, ${options.region}`;
  return { id: placeOf(options), title: `Secret Manager of project ${options.project_id}${region}`, notes: [EFFECT] };
}
