import { DcsError, type Credential, type ServiceDefinition, type Who } from 'dcs-sdk';
import { nearest } from './config/nearest.ts';
import { tokenInDoppler, tokenPlace } from './cloud-tokens.ts';
import { claimOf } from './config/identity-env.ts';
import { dopplerService } from './doppler/service.ts';
import type { Session } from './session.ts';

/** Doppler first, then what the installed plugins bring. */
export async function services({ registry, cwd, home, keyring, identity }: Session): Promise<ServiceDefinition[]> {
  const loaded = await Promise.all(
    [...registry.services.values()].map(async (registration) => {
      try {
        return [await registration.load()];
      } catch {
        return []; // a broken plugin fails where it is used, and doctor names it
      }
    }),
  );
  return [dopplerService({ home, cwd, keyring, ...(identity === undefined ? {} : { identity }) }), ...loaded.flat()];
}

export async function serviceNamed(session: Session, id: string): Promise<ServiceDefinition> {
  const all = await services(session);
  const found = all.find((service) => service.id === id);
  if (found) return found;
  await session.registry.services.get(id)?.load(); // throws: it is broken
  const near = nearest(
    id,
    all.map((service) => service.id),
  );
  throw new DcsError('USAGE', `There is no service "${id}".`, {
    hint: near === undefined ? `one of ${all.map((service) => service.id).join(', ')}` : `did you mean ${near}?`,
  });
}

/** The service one signs in to for a type of target; by its first word where no plugin that loads says another. */
export async function serviceOf({ registry }: Session, type: string): Promise<string> {
  try {
    const { service } = (await registry.targets.get(type)?.load()) ?? {};
    if (service !== undefined) return service;
  } catch {
    // a broken plugin fails where it is used, and doctor names it
  }
  return type.split('-')[0]!;
}

export interface SignedIn {
  readonly service: ServiceDefinition;
  readonly credential?: Credential;
  readonly who?: Who;
  readonly error?: unknown;
}

/** The identity among what wins and what is beaten: a plugin knows variables only. */
async function withIdentity(
  { identity, env, credentials }: Session,
  service: ServiceDefinition,
  credential: Credential | undefined,
): Promise<Credential | undefined> {
  const claim = claimOf(identity, service.id, env);
  if (claim === undefined || identity === undefined || credential === undefined) return credential;
  const name = `identity ${identity.name}`;
  if (claim.wins === 'shell') return { ...credential, beats: [name, ...credential.beats] };
  const kept = (await credentials.kept({ service: service.id, endpoint: service.endpoint(env) })) === undefined ? [] : ['dcs login'];
  return { ...credential, from: credential.from === claim.variable ? name : credential.from, beats: [...kept, ...credential.beats] };
}

/** What the core lends instead of a kept login is called by its place. */
async function withPlace(session: Session, { id }: ServiceDefinition, credential: Credential | undefined): Promise<Credential | undefined> {
  const place = tokenPlace(session, id);
  if (place === undefined || credential === undefined || (await tokenInDoppler(session, id)) === undefined) return credential;
  const called = (from: string): string => (from.startsWith('dcs login') ? place : from);
  return { ...credential, from: called(credential.from), beats: credential.beats.map(called) };
}

/** Who one is for a service, as its API tells it. */
export async function signedIn(session: Session, service: ServiceDefinition): Promise<SignedIn> {
  const context = session.context(service.title, service.endpoint(session.env));
  let credential: Credential | undefined;
  try {
    credential = await withPlace(session, service, await withIdentity(session, service, await service.credential(context)));
    if (!credential) return { service };
    const who = await service.whoami(credential, context);
    return { service, credential, who: { ...who, warnings: [...(credential.warnings ?? []), ...who.warnings] } };
  } catch (error) {
    return { service, ...(credential ? { credential } : {}), error };
  }
}
