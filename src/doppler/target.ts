import { DcsError, isDcsError, Secret, type Entry, type Limits, type Outcome, type Supports, type Target, type Write } from 'dcs-sdk';
import type { DopplerSecret } from './answers.ts';
import type { DopplerClient } from './client.ts';
import type { Place } from './place.ts';
import { isManaged, readSecrets, REFERENCE } from './source.ts';

/** https://docs.doppler.com/docs/platform-limits (last verified 2026-11-21). */
export const dopplerLimits: Limits = {
  names: /^[A-Z_][A-Z0-9_]{0,199}$/,
  reserved: /^DOPPLER_/,
  valueBytes: 50 * 1024,
  count: 1200,
  batch: 1200,
};

export const dopplerSupports: Supports = { readable: true, ownership: false, atomic: true, trail: false };

/** What keeps a secret out of Doppler by its name alone. */
export function checkDopplerName(name: string): string | undefined {
  if (!dopplerLimits.names?.test(name)) return 'Doppler names are A-Z, 0-9 and _, not starting with a digit, 200 at most';
  return isManaged(name) ? 'Doppler reserves names that begin with DOPPLER_' : undefined;
}

/** Why Doppler cannot hold this secret. There is no way to write `${...}` literally. */
export function checkDopplerSecret(name: string, secret: Secret): string | undefined {
  const byName = checkDopplerName(name);
  if (byName !== undefined) return byName;
  const value = secret.reveal();
  if (Buffer.byteLength(value) > 50 * 1024) return 'larger than the 50 KiB of a Doppler value';
  return REFERENCE.test(value) ? 'holds ${...}, which Doppler takes for a reference' : undefined;
}

/** What the engine knows of Doppler as a target. `references`: values may hold `${NAME}`, and are meant so. */
export const dopplerDefinition = ({ references = false } = {}) => ({
  type: 'doppler',
  title: 'Doppler',
  supports: dopplerSupports,
  limits: dopplerLimits,
  effect: 'now' as const,
  check: references ? checkDopplerName : checkDopplerSecret,
});

/**
 * A config of Doppler as the target of an import or a provisioning: the same loop the other way. Every write is compared with
 * the last listing, and refused as a whole where somebody edited one of its names since. `stored`: values are listed as they are
 * stored, references unresolved.
 */
export function dopplerTarget(client: DopplerClient, { host, project, config }: Place, { stored = false } = {}): Target {
  let seen: ReadonlyMap<string, DopplerSecret> = new Map();
  const read = (): Promise<ReadonlyMap<string, DopplerSecret>> => readSecrets(client, project, config);
  return {
    async identify() {
      const { name } = await client.config(project, config);
      if (name !== config) throw new DcsError('CONFLICT', `Doppler answered for config ${JSON.stringify(name)}, asked was "${config}".`);
      return { id: `${host}/${project}/${config}`, title: `Doppler ${project}/${config}` };
    },
    async list() {
      seen = await read();
      const entries = [...seen].map(([name, secret]): Entry => {
        const value = stored ? secret.raw : secret.computed;
        return { name, ...(value === null ? {} : { value: new Secret(value) }) };
      });
      return { entries };
    },
    async write(changes) {
      const before = seen;
      const requests = changes.map((change) => ({
        name: change.name,
        value: change.action === 'delete' ? null : change.secret.reveal(),
        was: change.action === 'create' ? null : (before.get(change.name)?.raw ?? undefined),
      }));
      try {
        const present = await client.change(project, config, requests);
        return changes.map(({ name, action }) =>
          present.has(name) === (action !== 'delete') ? { name, result: 'done' } : contradicted(name),
        );
      } catch (error) {
        if (!isDcsError(error)) throw error;
        const moved = mayBeStale(error) ? movedNames(changes, before, await readAgain(read, before)) : [];
        if (moved.length > 0) return refused(changes, 'conflict', overtaken(moved, `${project}/${config}`));
        return refused(changes, error.details.applied === 'unknown' ? 'unknown' : 'failed', error);
      }
    },
  };
}

const refused = (changes: readonly Write[], result: Outcome['result'], error: DcsError): Outcome[] =>
  changes.map(({ name }) => ({ name, result, error }));

const contradicted = (name: string): Outcome => ({
  name,
  result: 'unknown',
  error: new DcsError('TARGET', `Doppler accepted the write, but its answer does not show ${name} so.`),
});

/** How Doppler words the refusal of a stale write is not documented: what is there now tells. */
function mayBeStale({ code, details: { status = 0 } }: DcsError): boolean {
  return (code === 'TARGET' || code === 'CONFLICT') && status >= 400 && status < 500;
}

/** Where Doppler cannot be read now, what it refused stays refused, and why is not known. */
async function readAgain(
  read: () => Promise<ReadonlyMap<string, DopplerSecret>>,
  before: ReadonlyMap<string, DopplerSecret>,
): Promise<ReadonlyMap<string, DopplerSecret>> {
  try {
    return await read();
  } catch (error) {
    if (isDcsError(error)) return before;
    throw error;
  }
}

function movedNames(
  changes: readonly Write[],
  before: ReadonlyMap<string, DopplerSecret>,
  now: ReadonlyMap<string, DopplerSecret>,
): readonly string[] {
  return changes.flatMap(({ name }) => {
    const [then, current] = [before.get(name), now.get(name)];
    return then?.raw === current?.raw && then?.visibility === current?.visibility ? [] : [name];
  });
}

const overtaken = (names: readonly string[], place: string): DcsError =>
  new DcsError('CONFLICT', `Somebody edited ${names.join(', ')} in Doppler meanwhile.`, {
    why: `Doppler took nothing of this request; ${place} is as they left it.`,
    hint: 'the same command again: it plans on what is there now',
  });
