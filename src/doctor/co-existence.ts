import { isDcsError } from 'dcs-sdk';
import { sharedSourceOf } from '../doppler-access.ts';
import { definitionOf } from '../jobs.ts';
import { rivalLine, rivals, RIVAL_HINT, type Fed } from '../native-syncs.ts';
import { sharedLine, sharedWithProtected, type Held } from '../same-values.ts';
import type { Session } from '../session.ts';
import { ifSignedIn, type Doppler } from './doppler.ts';
import { attempt, warning, type DoctorFinding } from './finding.ts';

/** Does Doppler itself write where a target of dcs.yaml writes? */
export function checkNativeSyncs(session: Session, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  return attempt('Doppler', async () => {
    if ((await ifSignedIn(doppler)) === undefined) return [];
    const found = await rivals(async () => (await doppler()).client, await fedOf(session));
    return found.map((rival) => warning('Doppler', rivalLine(rival), [RIVAL_HINT]));
  });
}

/** A target whose plugin is missing or broken is named by other checks. */
async function fedOf(session: Session): Promise<readonly Fed[]> {
  const { project } = session;
  const all = [...project.targets.values()].map(async (entry): Promise<Fed[]> => {
    try {
      const definition = await definitionOf(session, entry);
      return entry.environments.map((environment) => {
        const { config } = project.environments.get(environment)!;
        return { name: entry.name, definition, doppler: { project: project.doppler.project, config } };
      });
    } catch (error) {
      if (isDcsError(error)) return [];
      throw error;
    }
  });
  return (await Promise.all(all)).flat();
}

/** A file, and the token that opens its configs. */
export interface SignedIn {
  readonly session: Session;
  readonly doppler: Doppler;
}

/** Does a value of a protected environment stand elsewhere? Among all configs that can be read; each is read once. */
export function checkSameValues(all: readonly SignedIn[]): Promise<readonly DoctorFinding[]> {
  return attempt('values', async () => {
    const held = (await Promise.all(all.map(heldBy))).flat();
    const configs = new Map(held.map((each) => [each.title, each]));
    const projects = new Set(all.map(({ session }) => session.project.doppler.project));
    const named = [...configs.values()].map((each) =>
      projects.size === 1 ? each : { ...each, environment: `${each.environment} (${each.title})` },
    );
    return sharedWithProtected(named).map((places) =>
      warning('values', sharedLine(places), ["a protected environment's value should stand nowhere else: make a new one for the others"]),
    );
  });
}

async function heldBy({ session, doppler }: SignedIn): Promise<readonly (Held & { title: string })[]> {
  const signedIn = await ifSignedIn(doppler);
  if (signedIn === undefined) return [];
  const opens = signedIn.token.environment;
  const {
    environments,
    doppler: { project },
  } = session.project;
  const readable = [...environments.values()].filter(({ config }) => opens === undefined || opens === config);
  const read = readable.map(async ({ name, config, protected: isProtected }) => {
    try {
      const source = sharedSourceOf(session, signedIn.client, session.choose(true, name));
      const { secrets } = (await source.read())!;
      return [{ environment: name, protected: isProtected, secrets, title: `${project}/${config}` }];
    } catch (error) {
      if (isDcsError(error)) return []; // named by the check of the environment
      throw error;
    }
  });
  return (await Promise.all(read)).flat();
}
