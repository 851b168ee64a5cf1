import type { Environment, Source } from 'dcs-sdk';
import { createDopplerClient, type DopplerClient } from './doppler/client.ts';
import { dopplerSource } from './doppler/source.ts';
import { dopplerToken } from './doppler-token.ts';
import type { Session } from './session.ts';

/** The Doppler client of this session, its credential found in the documented order. */
export async function dopplerClient(session: Session, { deadline }: { deadline?: number } = {}): Promise<DopplerClient> {
  const { token } = await dopplerToken(session);
  const { dopplerHost: base, signal, log } = session;
  return createDopplerClient({ base, token, signal, log, ...(deadline === undefined ? {} : { deadline }) });
}

export function sourceOf(session: Session, client: DopplerClient, { doppler }: Environment): Source {
  return dopplerSource(client, { host: session.dopplerHost, ...doppler });
}
