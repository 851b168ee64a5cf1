import type { Environment, Source } from 'dcs-sdk';
import { resolveToken, type ResolvedToken } from './doppler/auth.ts';
import { createDopplerClient, type DopplerClient } from './doppler/client.ts';
import { dopplerSource } from './doppler/source.ts';
import type { Session } from './session.ts';

/** The Doppler client of this session, its credential found in the documented order. */
export async function dopplerClient(session: Session): Promise<DopplerClient> {
  const { token } = await dopplerToken(session);
  return createDopplerClient({ base: session.dopplerHost, token, signal: session.signal, log: session.log });
}

export function dopplerToken(session: Session): Promise<ResolvedToken> {
  const { env, home, cwd, signal, log, keyring, identity } = session;
  return resolveToken({
    env,
    home,
    cwd,
    base: session.dopplerHost,
    kept: () => session.credentials.kept({ service: 'doppler', endpoint: session.dopplerHost }),
    keyring,
    signal,
    log,
    ...(identity === undefined ? {} : { identity }),
  });
}

export function sourceOf(session: Session, client: DopplerClient, { doppler }: Environment): Source {
  return dopplerSource(client, { host: session.dopplerHost, ...doppler });
}
