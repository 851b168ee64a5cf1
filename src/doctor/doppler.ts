import { isDcsError, type Environment } from 'dcs-sdk';
import { unmetRules } from '../config/secret-rules.ts';
import { clientOf, sharedSourceOf } from '../doppler-access.ts';
import { dopplerToken } from '../doppler-token.ts';
import type { ResolvedToken } from '../doppler/auth.ts';
import type { DopplerClient } from '../doppler/client.ts';
import { span } from '../run/duration.ts';
import type { Session } from '../session.ts';
import { attempt, ok, warning, type DoctorFinding } from './finding.ts';

const MOST_SKEW = 2 * 60_000;

/** Doppler, signed in once for all checks. */
export type Doppler = () => Promise<{ readonly client: DopplerClient; readonly token: ResolvedToken }>;

export function dopplerOnce(session: Session): Doppler {
  let once: ReturnType<Doppler> | undefined;
  return () => (once ??= signIn(session));
}

/** Undefined where no token is found: the checks that read say so. */
export async function ifSignedIn(doppler: Doppler): Promise<Awaited<ReturnType<Doppler>> | undefined> {
  try {
    return await doppler();
  } catch (error) {
    if (isDcsError(error)) return undefined;
    throw error;
  }
}

async function signIn(session: Session): ReturnType<Doppler> {
  const token = await dopplerToken(session);
  const client = clientOf(session, token.token);
  session.shared.clients.set(session.identity?.name, Promise.resolve(client)); // whatever else is looked at signs in no second time
  return { token, client };
}

export function checkReading(session: Session, environment: Environment, doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const what = `Doppler ${environment.doppler.project}/${environment.doppler.config}`;
  return attempt(what, async () => {
    const { client } = await doppler();
    const read = await sharedSourceOf(session, client, environment).read();
    const unmet = unmetRules(session.project.secretRules, environment.name, read?.secrets ?? new Map());
    return [
      ok(what, 'readable'),
      ...unmet.map(({ name, problem, owner }) =>
        warning(what, `${name} ${problem}; dcs.yaml wants it`, owner === undefined ? [] : [`ask ${owner}`]),
      ),
    ];
  });
}

/** The quota is the token's, whatever was read with it. Told by the answers the other checks got. */
export async function checkQuota(doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const limits = (await ifSignedIn(doppler))?.client.lastLimits;
  if (limits === undefined || limits.remaining >= limits.limit / 10) return [];
  return [warning('Doppler', `${limits.remaining} of ${limits.limit} requests left this minute`, ['wait a minute'])];
}

/** A wrong clock makes tokens look expired, and locks and snapshots younger or older. Told by the answers the other checks got. */
export async function checkClock(doppler: Doppler): Promise<readonly DoctorFinding[]> {
  const ahead = (await ifSignedIn(doppler))?.client.clockAhead;
  if (ahead === undefined || Math.abs(ahead) <= MOST_SKEW) return [];
  const message = `this machine is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} Doppler`;
  return [warning('clock', message, ['set the clock by the network (NTP)'])];
}
