import { DcsError, type Host } from 'dcs-sdk';
import { projectOf } from './detect.ts';
import type { GcpOptions } from './options.ts';
import type { Place } from './secrets-api.ts';

interface Said {
  readonly project?: string | undefined;
  readonly region?: string | undefined;
}

/** The project a command means: said, in dcs.yaml, or of the environment. `within`: dcs.yaml is asked about one environment. */
export async function chooseProject(host: Host, within: boolean, { project, region }: Said): Promise<Place> {
  const environment = within ? await host.environment() : undefined;
  const written = (await host.targets(['gcp', 'gcp-run', 'firebase'], environment)).map(({ options }) => options);
  const ids = new Set(written.map(({ project_id }) => project_id).filter((id) => typeof id === 'string' && !id.includes('$')) as string[]);
  const chosen = project ?? (ids.size === 1 ? [...ids][0] : ids.size === 0 ? await projectOf(host.env) : undefined);
  if (chosen === undefined)
    throw new DcsError('USAGE', ids.size === 0 ? 'No Google Cloud project is named.' : `dcs.yaml names ${ids.size} projects.`, {
      hint: ids.size === 0 ? '--project ID' : [...ids].map((id) => `--project ${id}`),
    });
  const regions = written.filter(({ project_id }) => project_id === chosen).map((options) => options['region']);
  const only = new Set(regions).size === 1 && typeof regions[0] === 'string' ? regions[0] : undefined;
  const at = region ?? only;
  return { project_id: chosen, ...(at === undefined ? {} : { region: at }) };
}

/** The options of the one Secret Manager target of an environment, where dcs.yaml has one: its naming tells names of ids. */
export async function namingOf(host: Host, { project_id }: Place): Promise<Pick<GcpOptions, 'case' | 'id_prefix' | 'keep_versions'>> {
  const environment = await host.environment();
  const [only, ...others] = (await host.targets(['gcp'], environment)).filter(({ options }) => options['project_id'] === project_id);
  return only && others.length === 0 ? (only.options as Partial<GcpOptions>) : {};
}
