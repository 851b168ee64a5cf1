import { isDcsError } from 'dcs-sdk';
import { checkIdentities } from './config/identities.ts';
import type { TargetEntry } from './config/project.ts';
import { definitionOf, optionsOf } from './jobs.ts';
import { atMember, titleOf, type Session } from './session.ts';

/**
 * Throws CONFIG where two entries of dcs.yaml, or two environments of one, are one place and do not both say `shared: true`: each
 * would take the names of the other for a stranger's. All of the file counts, and all members of its workspace, not only what a
 * command was asked for.
 */
export function refuseSharedPlaces(session: Session): Promise<void> {
  return (session.shared.places ??= check(session));
}

async function check(session: Session): Promise<void> {
  const places = new Map<TargetEntry, ReadonlyMap<string, string>>();
  const all = (await everyone(session)).flatMap((one) => {
    const { project } = one;
    return [...project.targets.values()].map((entry) => ({ session: one, project, entry, title: titleOf(one, entry.name) }));
  });
  for (const { session: one, entry } of all) {
    const found = await Promise.all(
      entry.environments.map(async (environment) => [environment, await placeIn(one, entry, environment)] as const),
    );
    places.set(entry, new Map(found.flatMap(([environment, place]) => (place === undefined ? [] : [[environment, place]]))));
  }
  checkIdentities(all, (entry, environment) => places.get(entry)?.get(environment));
}

/** A member whose file cannot be used fails where it is used. */
async function everyone(session: Session): Promise<readonly Session[]> {
  const { file, workspace } = session.project;
  const members = (await workspace?.members()) ?? [];
  const others = members.flatMap(({ name, project }) =>
    isDcsError(project) || project.file === file ? [] : [atMember(session, name, project)],
  );
  return [session, ...others];
}

/** Undefined where it cannot be told here: a plugin or a variable is missing, an option is wrong. That fails where it is used. */
async function placeIn(session: Session, entry: TargetEntry, environment: string): Promise<string | undefined> {
  if (entry.missing(environment).length > 0) return undefined;
  try {
    const definition = await definitionOf(session, entry);
    const options = await optionsOf(session, entry, environment, definition);
    return `${new URL(definition.endpoint(session.env)).origin}|${definition.place(options)}`;
  } catch (error) {
    if (isDcsError(error)) return undefined;
    throw error;
  }
}
