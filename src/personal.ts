import { isDcsError, type Environment } from 'dcs-sdk';
import { dopplerClient } from './doppler-access.ts';
import { dopplerToken } from './doppler-token.ts';
import type { Session } from './session.ts';

/** The caller's own branch config of an environment: https://docs.doppler.com/docs/branch-configs (last verified 2026-11-21). */
export async function personalConfig(session: Session, environment: Environment): Promise<Environment | undefined> {
  if (environment.branchOf !== undefined) return environment;
  const { kind } = await dopplerToken(session);
  if (kind !== 'cli' && kind !== 'personal') return undefined;
  const { project, config } = environment.doppler;
  const own = `${config}_personal`;
  try {
    await (await dopplerClient(session)).config(project, own);
  } catch (error) {
    if (isDcsError(error) && error.details.status === 404) return undefined;
    throw error;
  }
  return { ...environment, name: own, doppler: { project, config: own }, branchOf: environment.name };
}
