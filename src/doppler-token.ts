import { resolveToken, type ResolvedToken } from './doppler/auth.ts';
import type { Session } from './session.ts';

/** The credential of this session, found in the documented order. */
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
