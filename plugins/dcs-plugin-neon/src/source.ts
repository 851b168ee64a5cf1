import { createHash } from 'node:crypto';
import { defineSource, type Context, type Secret, type Source, type SourceRead } from 'dcs-sdk';
import { createApi, endpointOf, type Api } from './api.ts';
import { branchesOf, pickBranch } from './branches.ts';
import { connectionOf, valuesOf } from './connection.ts';
import { NEON_KEYS, neonOptions, type NeonOptions } from './options.ts';

/** A branch of a Neon project: where to connect to it, and as whom. */
export function neonSource(origin: string, options: NeonOptions, read: () => Promise<ReadonlyMap<string, Secret>>): Source {
  const { project_id: project, branch, database } = options;
  // Without the branch: an environment that moves to another one stays the same writer.
  const identity = [origin, project, ...(database === undefined ? [] : [database])].join('/');
  return {
    title: `Neon ${project}${branch === undefined ? '' : ` branch ${branch}`}`,
    identity,
    async read(unlessVersion) {
      const values = await read();
      const version = versionOf(values);
      if (version === unlessVersion) return undefined;
      const secrets: SourceRead['secrets'] = new Map([...values].map(([name, secret]) => [name, { state: 'value', secret }]));
      return { identity, version, secrets };
    },
  };
}

function versionOf(values: ReadonlyMap<string, Secret>): string {
  const text = JSON.stringify([...values].map(([name, secret]) => [name, secret.reveal()]));
  return createHash('sha256').update(text).digest('hex');
}

export async function readBranch(api: Api, options: NeonOptions): Promise<Map<string, Secret>> {
  const { project_id: project } = options;
  const branch = pickBranch(await branchesOf(api, project), options.branch, project);
  return valuesOf(await connectionOf(api, project, branch, options), project, branch.name);
}

export default defineSource<NeonOptions>({
  type: 'neon',
  title: 'Neon',
  options: neonOptions,
  keys: NEON_KEYS,
  credentials: ['NEON_API_KEY'],
  endpoint: endpointOf,
  connect: (options, context: Context) => neonSource(context.http.origin, options, () => readBranch(createApi(context), options)),
});
