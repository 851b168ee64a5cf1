import type { Environment, Source } from 'dcs-sdk';
import { createDopplerClient, type DopplerClient } from './doppler/client.ts';
import { sharedSource, type SharedSource } from './doppler/shared-source.ts';
import { dopplerSource } from './doppler/source.ts';
import { dopplerToken } from './doppler-token.ts';
import type { Session } from './session.ts';

/** The Doppler client of this session, its credential found in the documented order. */
export function dopplerClient(session: Session): Promise<DopplerClient> {
  const { clients } = session.shared;
  const who = session.identity?.name;
  const client = clients.get(who) ?? signIn(session);
  clients.set(who, client);
  return client;
}

/** `deadline`: of one request, ms, where something can step in. */
export async function signIn(session: Session, deadline?: number): Promise<DopplerClient> {
  const { token } = await dopplerToken(session);
  return clientOf(session, token, deadline);
}

/** With a token that was found already. */
export function clientOf({ dopplerHost, signal, log, shared }: Session, token: string, deadline = shared.patience): DopplerClient {
  return createDopplerClient({ base: dopplerHost, token, signal, log, pace: shared.paceOf(dopplerHost), deadline });
}

export function sourceOf(session: Session, client: DopplerClient, { doppler }: Environment): Source {
  const source = dopplerSource(client, { host: session.dopplerHost, ...doppler });
  return {
    ...source,
    read: async (unlessVersion) => {
      const read = await source.read(unlessVersion);
      if (read) await session.seen('secret', doppler.config, read.secrets.keys());
      return read;
    },
  };
}

/** The same, read once for all targets and members that it goes to. */
export function sharedSourceOf(session: Session, client: DopplerClient, environment: Environment): SharedSource {
  const source = sourceOf(session, client, environment);
  const { sources } = session.shared;
  const ofClient = sources.get(client) ?? new Map<string, SharedSource>();
  sources.set(client, ofClient);
  const known = ofClient.get(source.identity) ?? sharedSource(source);
  ofClient.set(source.identity, known);
  return known;
}

/** What was read so far counts no longer: something was written since, or time went by. */
export function renewSources({ shared }: Session): void {
  for (const ofClient of shared.sources.values()) for (const source of ofClient.values()) source.renew();
  shared.records.clear();
}
