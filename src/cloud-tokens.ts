import { DcsError, isDcsError } from 'dcs-sdk';
import { ownVariable, tokenVariable, tokenVariables } from './config/identity-env.ts';
import { dopplerClient } from './doppler-access.ts';
import type { Session } from './session.ts';

/** Where `credentials:` says that a cloud's token lies; undefined: nowhere, or not of this service. */
export function tokenPlace({ project }: Session, service: string): string | undefined {
  if (project.credentials === undefined || tokenVariable(service) === undefined) return undefined;
  return `${tokenVariable(service)} of Doppler ${project.doppler.project}/${project.credentials}`;
}

/** A cloud's own token from the Doppler config of `credentials:`: read once a command, and only where nothing nearer answers. */
export async function tokenInDoppler(session: Session, service: string): Promise<string | undefined> {
  const variable = tokenVariable(service);
  if (variable === undefined || ownVariable(service, session.env) !== undefined) return undefined;
  const config = session.project.credentials;
  if (config === undefined) return undefined;
  const place = JSON.stringify([session.identity?.name, session.project.doppler.project, config]);
  const { tokens } = session.shared;
  const read = tokens.get(place) ?? tokensIn(session, config);
  tokens.set(place, read);
  return (await read).get(variable);
}

async function tokensIn(session: Session, config: string): Promise<ReadonlyMap<string, string>> {
  const { project } = session;
  const { doppler } = project;
  try {
    const answer = await (await dopplerClient(session)).secrets(doppler.project, config, { names: tokenVariables() });
    if (answer === 'not-modified') throw new Error('Nothing was asked that could be unmodified');
    return new Map([...answer.secrets].flatMap(([name, { computed }]) => (computed ? [[name, computed]] : [])));
  } catch (error) {
    if (!isDcsError(error)) throw error;
    throw new DcsError(
      error.code,
      `${project.at(['credentials', 'doppler'])}: the tokens of clouds in Doppler ${doppler.project}/${config} cannot be read: ${error.message}`,
      {
        why: 'Nothing was written.',
        hint: 'a Doppler token that may read both configs, or the tokens as variables',
      },
    );
  }
}
