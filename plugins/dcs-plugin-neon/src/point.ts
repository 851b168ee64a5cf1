import { DcsError, type Environment, type Guard, type Host, type ProjectSource, type Secret, type Synced } from 'dcs-sdk';
import type { Branch } from './branches.ts';
import { passwordOf, valuesOf, type Connection } from './connection.ts';
import type { Neon } from './operations.ts';
import type { NeonOptions } from './options.ts';
import { neonSource } from './source.ts';

/** Whose config an environment's values go to: the caller's own; the team's only when that was said. */
export async function destinationOf(host: Host, environment: Environment, whose: 'own' | 'team'): Promise<Environment> {
  if (whose === 'team' || environment.branchOf !== undefined) return environment;
  const personal = await host.personal(environment);
  if (personal) return personal;
  const { project, config } = environment.doppler;
  throw new DcsError('REFUSED', `You have no personal config of ${environment.name} in Doppler.`, {
    why: `${project}/${config} is the team's. Nothing was written.`,
    hint: ['the same with --shared     writes the config of the team', `create ${config}_personal in Doppler`],
  });
}

export const placeOf = ({ doppler, branchOf }: Environment): string =>
  `Doppler ${doppler.project}/${doppler.config} (${branchOf === undefined ? 'the team' : 'only you; --shared moves everybody'})`;

/** Whether a branch still opens with the password that it was born with: its parent's. */
export async function sharesPassword(
  neon: Neon,
  project: string,
  branches: readonly Branch[],
  branch: Branch,
  role: string,
): Promise<boolean> {
  const parent = branches.find(({ id }) => id === branch.parent);
  if (parent === undefined) return false;
  const [own, inherited] = await Promise.all([branch, parent].map((each): Promise<Secret> => passwordOf(neon.api, project, each, role)));
  return own!.reveal() === inherited!.reveal();
}

export interface Pointing {
  readonly host: Host;
  readonly origin: string;
  readonly entry: ProjectSource;
  readonly options: NeonOptions;
  readonly environment: Environment;
  readonly into: Environment;
  readonly branch: string;
  readonly connection: Connection;
  readonly allow: readonly Guard[];
}

/** Writes a branch's values into Doppler; for the team also into dcs.yaml, or the next sync would take it back. */
export async function point({ host, origin, entry, options, environment, into, branch, connection, allow }: Pointing): Promise<Synced> {
  const source = neonSource(origin, { ...options, branch }, async () => valuesOf(connection, options.project_id, branch));
  const again = `dcs neon branch switch ${branch} -e ${environment.name}${into === environment ? ' --shared' : ''}`;
  // One's own config inherits the team's values: that one moves away from them is what was agreed to.
  const existing = into.branchOf === undefined ? 'ask' : 'replace';
  const synced = await host.sync(source, into, { from: 'Neon', entry: entry.name, again, yes: true, allow, existing });
  if (synced.exit === 0 && into.branchOf === undefined && options.branch !== branch)
    await host.editConfig(['sources', entry.name, 'branch', environment.name], branch);
  return synced;
}
