import { DcsError } from 'dcs-sdk';
import { OFFICIAL } from '../registry.ts';
import type { Session } from '../session.ts';
import { installed } from './installed.ts';
import type { Wanted } from './names.ts';
import type { Dcs } from './official.ts';

/** The plugins that this dcs.yaml uses: official ones in this dcs's versions. Linked ones, and other people's that are here, stay. */
export async function needed(dcs: Dcs, { project, registry }: Session): Promise<Wanted[]> {
  const entries = [...project.targets.values(), ...project.sources.values()];
  const names = new Set<string>();
  for (const { name, type, section } of entries) {
    const official = OFFICIAL.get(type);
    if (official !== undefined) names.add(official.plugin);
    else if (!registry.targets.has(type) && !registry.sources.has(type))
      throw new DcsError('CONFIG', `${project.at([section, name])}: no official plugin brings the type "${type}".`, {
        why: 'Nothing was installed.',
        hint: `dcs plugins install NAME     where you know the plugin that brings ${type}`,
      });
  }
  if (project.triggers.length > 0 || project.notifications !== undefined) names.add('dcs-plugin-automation');
  const linked = new Set(installed(dcs.dataDir).flatMap(({ name, type }) => (type === 'link' ? [name] : [])));
  return [...names].filter((name) => !linked.has(name)).map((name) => ({ kind: 'package', name }));
}
