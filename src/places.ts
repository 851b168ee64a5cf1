import { isDcsError } from 'dcs-sdk';
import { checkIdentities } from './config/identities.ts';
import type { TargetEntry } from './config/project.ts';
import { definitionOf, optionsOf } from './jobs.ts';
import type { Session } from './session.ts';

/**
 * Throws CONFIG where two entries of dcs.yaml, or two environments of one, are one place and do not both say `shared: true`: each
 * would take the names of the other for a stranger's. All of the file counts, not only what a command was asked for.
 */
export async function refuseSharedPlaces(session: Session): Promise<void> {
  const places = new Map<string, string>();
  const key = ({ name }: TargetEntry, environment: string): string => `${environment} ${name}`;
  for (const entry of session.project.targets.values())
    for (const environment of entry.environments) {
      const place = await placeIn(session, entry, environment);
      if (place !== undefined) places.set(key(entry, environment), place);
    }
  checkIdentities(session.project, (entry, environment) => places.get(key(entry, environment)));
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
