import { randomUUID } from 'node:crypto';
import { DcsError, Secret, type Held, type Source } from 'dcs-sdk';
import type { DopplerClient, DopplerSecret } from './client.ts';
import { checkSlug, identityOf, type Place } from './place.ts';

/** Doppler's own names (DOPPLER_PROJECT, DOPPLER_CONFIG, DOPPLER_TOKEN ...) never leave for a target. */
export const isManaged = (name: string): boolean => name.startsWith('DOPPLER_');

/** Throws where Doppler answered `not modified` to a read without a condition. */
export async function readSecrets(client: DopplerClient, project: string, config: string): Promise<ReadonlyMap<string, DopplerSecret>> {
  const answer = await client.secrets(project, config);
  if (answer === 'not-modified') throw new DcsError('NETWORK', 'Doppler answered "not modified" to a full read.');
  checkPlace(answer.secrets, project, config);
  return new Map([...answer.secrets].filter(([name]) => !isManaged(name)));
}

/** What Doppler's server leaves of a reference it cannot resolve: https://docs.doppler.com/docs/secrets#referencing-secrets (last verified 2026-11-21). */
export const REFERENCE = /\$\{[A-Za-z0-9_.-]+\}/;

/** A config of Doppler as the source of a sync. */
export function dopplerSource(client: DopplerClient, { host, project, config }: Place): Source {
  const identity = identityOf({ host, project, config });
  return {
    title: `Doppler ${project}/${config}`,
    identity,
    async read(unlessVersion) {
      const etag = unlessVersion?.startsWith(UNVERSIONED) ? undefined : unlessVersion;
      const answer = await client.secrets(project, config, etag === undefined ? {} : { etag });
      if (answer === 'not-modified') return undefined;
      checkPlace(answer.secrets, project, config);
      const secrets = new Map([...answer.secrets].filter(([name]) => !isManaged(name)).map(([name, secret]) => [name, held(secret)]));
      return { identity, version: answer.etag ?? `${UNVERSIONED}${randomUUID()}`, secrets };
    },
  };
}

/** Without an ETag every read counts as a change; a digest of the values would be a check value for guessing them. */
const UNVERSIONED = 'unversioned:';

function held({ computed }: DopplerSecret): Held {
  if (computed === null) return { state: 'withheld' };
  if (REFERENCE.test(computed)) return { state: 'unresolved' };
  return { state: 'value', secret: new Secret(computed) };
}

/** The managed names tell which config was really read: a token of another one must not pass for it. */
function checkPlace(secrets: ReadonlyMap<string, DopplerSecret>, project: string, config: string): void {
  const told = (name: string, asked: string): string => secrets.get(name)?.computed ?? asked;
  const [toldProject, toldConfig] = [told('DOPPLER_PROJECT', project), told('DOPPLER_CONFIG', config)];
  if (toldProject === project && toldConfig === config) return;
  checkSlug('project', toldProject);
  checkSlug('config', toldConfig);
  throw new DcsError('AUTH', `Doppler answered for ${toldProject}/${toldConfig}, asked was ${project}/${config}.`, {
    why: 'The token belongs to another config. Nothing was taken from the answer.',
    hint: 'dcs whoami',
  });
}
