import { DcsError, isDcsError, Secret, type Entry, type Limits, type Outcome, type Supports, type Target, type Write } from 'dcs-sdk';
import type { DopplerClient } from './client.ts';
import type { Place } from './place.ts';
import { isManaged, REFERENCE } from './source.ts';

/** https://docs.doppler.com/docs/platform-limits (last verified 2026-11-21). */
export const dopplerLimits: Limits = {
  names: /^[A-Z_][A-Z0-9_]{0,199}$/,
  reserved: /^DOPPLER_/,
  valueBytes: 50 * 1024,
  count: 1200,
  batch: 1200,
};

export const dopplerSupports: Supports = { readable: true, ownership: false, atomic: true, trail: false };

/** Why Doppler cannot hold this secret. There is no way to write `${...}` literally. */
export function checkDopplerSecret(name: string, secret: Secret): string | undefined {
  if (!dopplerLimits.names?.test(name)) return 'Doppler names are A-Z, 0-9 and _, not starting with a digit, 200 at most';
  if (isManaged(name)) return 'Doppler reserves names that begin with DOPPLER_';
  const value = secret.reveal();
  if (Buffer.byteLength(value) > 50 * 1024) return 'larger than the 50 KiB of a Doppler value';
  return REFERENCE.test(value) ? 'holds ${...}, which Doppler takes for a reference' : undefined;
}

/** A config of Doppler as the target of an import or a provisioning: the same loop the other way. */
export function dopplerTarget(client: DopplerClient, { host, project, config }: Place): Target {
  return {
    async identify() {
      const { name } = await client.config(project, config);
      if (name !== config) throw new DcsError('CONFLICT', `Doppler answered for config ${JSON.stringify(name)}, asked was "${config}".`);
      return { id: `${host}/${project}/${config}`, title: `Doppler ${project}/${config}` };
    },
    async list() {
      const answer = await client.secrets(project, config);
      if (answer === 'not-modified') throw new DcsError('NETWORK', 'Doppler answered "not modified" to a full read.');
      const named = [...answer.secrets].filter(([name]) => !isManaged(name));
      const entries = named.map(([name, { computed }]): Entry => ({ name, ...(computed === null ? {} : { value: new Secret(computed) }) }));
      return { entries };
    },
    write: (changes) => write(client, project, config, changes),
  };
}

/** One POST: Doppler takes all of it or nothing. */
async function write(client: DopplerClient, project: string, config: string, changes: readonly Write[]): Promise<Outcome[]> {
  const wanted = new Map(changes.map((change) => [change.name, change.action === 'delete' ? null : change.secret.reveal()]));
  try {
    const present = await client.update(project, config, wanted);
    return changes.map(({ name, action }) => (present.has(name) === (action !== 'delete') ? { name, result: 'done' } : contradicted(name)));
  } catch (error) {
    if (!isDcsError(error)) throw error;
    const result = error.details.applied === 'unknown' ? 'unknown' : 'failed';
    return changes.map(({ name }) => ({ name, result, error }));
  }
}

const contradicted = (name: string): Outcome => ({
  name,
  result: 'unknown',
  error: new DcsError('TARGET', `Doppler accepted the write, but its answer does not show ${name} so.`),
});
