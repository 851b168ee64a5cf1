import { OFFICIAL_PLUGINS, type OfficialPlugin } from '../registry.ts';

/** Of oclif's Config, what says which dcs this is. */
export interface Dcs {
  readonly version: string;
  readonly dataDir: string;
  readonly pjson: { readonly repository?: unknown; readonly oclif?: unknown };
}

export const officialPlugin = (name: string): OfficialPlugin | undefined => OFFICIAL_PLUGINS.find(({ plugin }) => plugin === name);

/** Official plugins are released together with dcs, in one version. */
export const versionFor = ({ version }: Dcs, name: string): string | undefined =>
  officialPlugin(name) === undefined ? undefined : version;

/** `https://github.com/owner/name` of this dcs. */
export function homeOf({ pjson: { repository } }: Dcs): string | undefined {
  const url = typeof repository === 'string' ? repository : (repository as { url?: string } | undefined)?.url;
  return url === undefined ? undefined : /github\.com[/:]([\w.-]+\/[\w.-]+?)(\.git)?$/.exec(url)?.[1]?.replace(/^/, 'https://github.com/');
}
