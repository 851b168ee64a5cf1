import type { Environment, Source } from 'dcs-sdk';
import { readDopplerToken } from './doppler/auth.ts';
import { createDopplerClient, type DopplerClient } from './doppler/client.ts';
import { dopplerSource } from './doppler/source.ts';
import type { Session } from './session.ts';

/** The Doppler client of this session, its credential found in the documented order. */
export async function dopplerClient(session: Session): Promise<DopplerClient> {
  const { token } = await dopplerCredential(session);
  return createDopplerClient({ base: session.dopplerHost, token, signal: session.signal, log: session.log });
}

export function dopplerCredential(session: Session): ReturnType<typeof readDopplerToken> {
  const { env, home, cwd } = session;
  return readDopplerToken({
    env,
    home,
    cwd,
    kept: () => session.credentials.kept('doppler'),
    http: session.context('Doppler', session.dopplerHost).http,
  });
}

export function sourceOf(session: Session, client: DopplerClient, { doppler }: Environment): Source {
  return dopplerSource(client, { host: session.dopplerHost, ...doppler });
}
