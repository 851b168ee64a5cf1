import { isDcsError } from 'dcs-sdk';
import { OFFICIAL_PLUGINS, type PluginLike } from '../registry.ts';
import { installed } from './installed.ts';
import { shortName } from './names.ts';
import { officialPlugin, versionFor, type Dcs } from './official.ts';
import { refuseUnusable } from './usable.ts';

/** One plugin as `dcs plugins` shows it. */
export interface PluginView {
  readonly name: string;
  readonly version: string | null;
  readonly type: 'installed' | 'linked';
  readonly official: boolean;
  readonly targets: readonly string[];
  readonly sources: readonly string[];
  readonly adapters: readonly string[];
  /** Why it cannot be used. */
  readonly broken: string | null;
  readonly pinned: string | null;
  readonly root: string;
}

interface Declared {
  readonly contract?: number;
  readonly targets?: object;
  readonly sources?: object;
  readonly runtime?: object;
}

export const declaredBy = ({ pjson }: PluginLike): Declared | undefined => (pjson.oclif as { dcs?: Declared } | undefined)?.dcs;

/** What is on the list, also what oclif could not load. */
export function pluginViews(dcs: Dcs & { getPluginsList(): PluginLike[] }): PluginView[] {
  const loaded = new Map(dcs.getPluginsList().map((plugin) => [plugin.name, plugin]));
  return installed(dcs.dataDir).map(({ name, type, root, seal }) => {
    const plugin = loaded.get(name);
    const declared = plugin && declaredBy(plugin);
    return {
      name,
      version: plugin?.version ?? seal?.version ?? null,
      type: type === 'link' ? 'linked' : 'installed',
      official: type === 'user' && seal?.official === true && officialPlugin(name) !== undefined,
      targets: Object.keys(declared?.targets ?? {}),
      sources: Object.keys(declared?.sources ?? {}),
      adapters: Object.keys(declared?.runtime ?? {}),
      broken: plugin === undefined ? 'It cannot be loaded: a file of it is gone.' : unusable(plugin),
      pinned: seal?.pinned ?? null,
      root,
    };
  });
}

function unusable(plugin: PluginLike): string | null {
  try {
    refuseUnusable(plugin);
    return null;
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return error.message;
  }
}

/** Official ones that are not here, with the version that fits this dcs. */
export function available(
  dcs: Dcs,
  here: readonly { readonly name: string }[],
): { name: string; short: string; version: string | null; types: string[] }[] {
  return OFFICIAL_PLUGINS.filter(({ plugin }) => !here.some(({ name }) => name === plugin)).map(({ plugin, types }) => ({
    name: plugin,
    short: shortName(plugin),
    version: versionFor(dcs, plugin) ?? null,
    types: types.map(({ type }) => type),
  }));
}
