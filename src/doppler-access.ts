import type { Environment, Source } from 'dcs-sdk';
import { createDopplerClient, type DopplerClient } from './doppler/client.ts';
import { dopplerSource } from './doppler/source.ts';
import { dopplerToken } from './doppler-token.ts';
import type { Session } from './session.ts';

/** The Doppler client of this session, its credential found in the documented order. */
export async function dopplerClient(session: Session): Promise<DopplerClient> {
  const { token } = await dopplerToken(session);
  return createDopplerClient({ base: session.dopplerHost, token, signal: session.signal, log: session.log });
}

export function sourceOf(session: Session, client: DopplerClient, { doppler }: Environment): Source {
  return dopplerSource(client, { host: session.dopplerHost, ...doppler });
}
