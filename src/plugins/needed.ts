import { DcsError, isDcsError } from 'dcs-sdk';
import type { Project } from '../config/project.ts';
import { OFFICIAL } from '../registry.ts';
import type { Session } from '../session.ts';
import { installed } from './installed.ts';
import type { Wanted } from './names.ts';
import type { Dcs } from './official.ts';

/**
 * The plugins that this dcs.yaml uses, and those of the members of its workspace: official ones in this dcs's versions. Linked ones, and
 * other people's that are here, stay. Says which member cannot be read.
 */
export async function needed(dcs: Dcs, { project, registry }: Session, say: (line: string) => void): Promise<Wanted[]> {
  const members = project.workspace !== undefined && project.workspace.file === project.file ? await project.workspace.members() : [];
  for (const { name, project: each } of members) if (isDcsError(each)) say(`! ${name}: what it needs is not known: ${each.message}`);
  const projects = [project, ...members.flatMap((member) => (isDcsError(member.project) ? [] : [member.project]))];
  const names = new Set(projects.flatMap((each) => namesOf(each, registry)));
  const linked = new Set(installed(dcs.dataDir).flatMap(({ name, type }) => (type === 'link' ? [name] : [])));
  return [...names].filter((name) => !linked.has(name)).map((name) => ({ kind: 'package', name }));
}

function namesOf(project: Project, registry: Session['registry']): string[] {
  const names: string[] = [];
  for (const { name, type, section } of [...project.targets.values(), ...project.sources.values()]) {
    const official = OFFICIAL.get(type);
    if (official !== undefined) names.push(official.plugin);
    else if (!registry.targets.has(type) && !registry.sources.has(type))
      throw new DcsError('CONFIG', `${project.at([section, name])}: no official plugin brings the type "${type}".`, {
        why: 'Nothing was installed.',
        hint: `dcs plugins install NAME     where you know the plugin that brings ${type}`,
      });
  }
  if (project.triggers.length > 0 || project.notifications !== undefined) names.push('dcs-plugin-automation');
  return names;
}
