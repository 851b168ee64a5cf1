import { DcsError } from 'dcs-sdk';
import { dopplerSetup } from '../doppler/login-file.ts';
import { kindOf, STANDARD } from '../config/names.ts';
import type { Session } from '../session.ts';

/** A Doppler config whose secrets a person uses, and why this one. */
export interface Place {
  readonly project: string;
  readonly config: string;
  /** The environment of dcs.yaml; undefined without one. */
  readonly environment?: string;
  /** A branch config that was named: nobody has a personal one of it. */
  readonly exact?: boolean;
  /** Line 1. */
  readonly line: string;
}

/** The config that `-e`, else the rules of docs/configuration.md name; without a dcs.yaml the one the Doppler CLI would use. */
export async function placeFor(session: Session, word?: string): Promise<Place> {
  if (session.project.file !== undefined) {
    const { name, doppler, line, branchOf } = session.choose(true, word);
    return { ...doppler, environment: branchOf ?? name, line, ...(branchOf === undefined ? {} : { exact: true }) };
  }
  const { env, home, cwd, sandbox } = session;
  const setup = await dopplerSetup({ env, home, cwd });
  const project = env['DOPPLER_PROJECT'] || setup?.project;
  const wanted = word ?? (env['DCS_ENV'] || undefined);
  const config = wanted === undefined ? env['DOPPLER_CONFIG'] || setup?.config : configNamed(wanted);
  if (project === undefined || config === undefined)
    throw new DcsError('CONFIG', `Which Doppler ${project === undefined ? 'project' : 'config'}?`, {
      why: 'There is no dcs.yaml here or above, and neither doppler setup nor DOPPLER_PROJECT and DOPPLER_CONFIG say it.',
      hint: ['dcs init', 'doppler setup', 'export DOPPLER_PROJECT=... DOPPLER_CONFIG=...'],
    });
  const why = wanted !== undefined ? (word === undefined ? 'DCS_ENV' : '-e') : env['DOPPLER_CONFIG'] ? 'DOPPLER_CONFIG' : 'doppler setup';
  return { project, config, line: `${sandbox ? 'SANDBOX · ' : ''}Doppler ${project}/${config} · ${why}` };
}

/** `prod` is the config prd of a project as Doppler makes it; any other word is the config itself. */
function configNamed(word: string): string {
  const kind = kindOf(word);
  return kind === undefined ? word : (STANDARD.get(kind) ?? word);
}
