import { DcsError } from 'dcs-sdk';
import { CONTRACT, type PluginLike } from '../registry.ts';
import { refuseChanged } from './seal.ts';

/** Once a process: what is loaded is loaded. */
const intact = new Set<string>();

/** Before any of its code runs: the plugin speaks this dcs's contract, and an installed one is what was installed. */
export function refuseUnusable(plugin: PluginLike): void {
  refuseOtherContract(plugin);
  if (plugin.type !== 'user' || intact.has(plugin.root)) return;
  refuseChanged(plugin.root, plugin.name);
  intact.add(plugin.root);
}

export function refuseOtherContract(plugin: PluginLike): void {
  const { contract } = (plugin.pjson.oclif as { dcs?: { contract?: number } } | undefined)?.dcs ?? {};
  if (contract !== CONTRACT)
    throw new DcsError('CONFIG', `${plugin.name} ${plugin.version} speaks contract ${contract ?? 'none'}; this dcs speaks ${CONTRACT}.`, {
      hint: [`dcs plugins update ${plugin.name}`, `dcs plugins uninstall ${plugin.name}`],
    });
}
