import { isDcsError, type TargetDefinition } from 'dcs-sdk';
import { dopplerClient } from './doppler-access.ts';
import type { DopplerClient } from './doppler/client.ts';
import type { NativeSync } from './doppler/native-syncs.ts';
import type { Part } from './planning.ts';
import { printable } from './render/style.ts';

/** A target of dcs.yaml that one of Doppler's own syncs may be writing to as well. */
export interface Rival {
  readonly target: string;
  /** Of the platform: `Google Secret Manager`. */
  readonly title: string;
  readonly sync: NativeSync;
}

/** One of ours, and the config that it is fed from. */
export interface Fed {
  readonly name: string;
  readonly definition: Pick<TargetDefinition<never>, 'title' | 'nativeSyncs'>;
  readonly doppler: { readonly project: string; readonly config: string };
}

/** Doppler is asked only where one of the targets is on a platform that it has a sync of its own for. */
export async function rivals(client: () => Promise<DopplerClient>, fed: readonly Fed[]): Promise<readonly Rival[]> {
  const open = fed.filter(({ definition }) => definition.nativeSyncs !== undefined);
  if (open.length === 0) return [];
  const syncs = await ifAllowed(client);
  return open.flatMap(({ name, definition, doppler }) =>
    syncs
      .filter(
        ({ type, project, config }) => project === doppler.project && config === doppler.config && definition.nativeSyncs!.some(same(type)),
      )
      .map((sync) => ({ target: name, title: definition.title, sync })),
  );
}

/** The same for a diff: a failure to look is none of it. */
export async function rivalsOf(parts: readonly Pick<Part, 'session' | 'environment' | 'jobs'>[]): Promise<readonly Rival[]> {
  const found = parts.map(async ({ session, environment: { doppler }, jobs }) => {
    try {
      return await rivals(
        () => dopplerClient(session),
        jobs.map(({ name, definition }) => ({ name, definition, doppler })),
      );
    } catch (error) {
      if (!isDcsError(error)) throw error;
      session.log(`Doppler's own syncs: ${error.message}`);
      return [];
    }
  });
  return (await Promise.all(found)).flat();
}

/** Their names are published only where they can be made by API: the rest is compared by its letters. */
const same = (type: string) => (other: string) => letters(type) === letters(other);
const letters = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');

/** A token that may not look at integrations finds none: they are the workplace's, and most tokens are a project's. */
async function ifAllowed(client: () => Promise<DopplerClient>): Promise<readonly NativeSync[]> {
  try {
    return await (await client()).nativeSyncs();
  } catch (error) {
    if (isDcsError(error) && (error.code === 'AUTH' || error.details.status === 404)) return [];
    throw error;
  }
}

export const rivalLine = ({ target, title, sync }: Rival): string =>
  `Doppler's own sync "${printable(sync.name)}" (${printable(sync.type)}) sends ${sync.project}/${sync.config} to ${title} too: where that is the place of ${target}, each overwrites the other`;

export const RIVAL_HINT = 'end the one or the other: the sync in the dashboard of Doppler, or the target in dcs.yaml';
