import { DcsError, isDcsError, path, Secret } from 'dcs-sdk';
import { listIn, textIn, type Api } from './api.ts';
import type { Branch } from './branches.ts';

/** Where a branch's database answers. */
export interface Address {
  readonly host: string;
  /** With a port where it is not PostgreSQL's own. */
  readonly pooled: string;
  readonly database: string;
  readonly role: string;
  /** `?sslmode=require`: what Neon appends. */
  readonly query: string;
}

export interface Connection extends Address {
  readonly password: Secret;
}

export interface Wanted {
  readonly database?: string;
  readonly role?: string;
}

/** Each part percent-encoded: a password `p@ss/w:rd#1?x` stays one. */
export function connectionString({ host, pooled, database, role, query, password }: Connection, through: 'pooled' | 'direct'): Secret {
  const [user, secret, name] = [role, password.reveal(), database].map(encodeURIComponent);
  return new Secret(`postgresql://${user}:${secret}@${through === 'pooled' ? pooled : host}/${name}${query}`);
}

/** What a source of Neon yields. */
export function valuesOf(connection: Connection, project: string, branch: string): Map<string, Secret> {
  return new Map([
    ['DATABASE_URL', connectionString(connection, 'pooled')],
    ['DATABASE_URL_UNPOOLED', connectionString(connection, 'direct')],
    ['NEON_HOST', new Secret(connection.host)],
    ['NEON_DATABASE', new Secret(connection.database)],
    ['NEON_USER', new Secret(connection.role)],
    ['NEON_PASSWORD', connection.password],
    ['NEON_PROJECT_ID', new Secret(project)],
    ['NEON_BRANCH', new Secret(branch)],
  ]);
}

/** The database and role that were asked for, else the only database and its owner. */
export async function chooseDatabase(api: Api, project: string, branch: Branch, { database, role }: Wanted): Promise<Required<Wanted>> {
  if (database !== undefined && role !== undefined) return { database, role };
  const subject = `branch ${branch.name} of project ${project}`;
  const answer = await api({ method: 'GET', path: path`/projects/${project}/branches/${branch.id}/databases`, subject });
  const all = listIn(answer, 'databases', subject).map((item) => ({
    name: textIn(item, 'name', subject),
    owner: textIn(item, 'owner_name', subject),
  }));
  const found = database === undefined ? all : all.filter(({ name }) => name === database);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return { database: only.name, role: role ?? only.owner };
  const names = all.map(({ name }) => name).join(', ') || 'none';
  throw new DcsError(
    'CONFIG',
    only === undefined ? `There is no database ${database ?? ''} on ${subject}.` : `Which database of ${subject}?`,
    {
      why: `It has ${names}. Nothing was written.`,
      hint: `database: ${only?.name ?? '...'}     in dcs.yaml`,
    },
  );
}

/** Host names, database and role as Neon tells them; the password never passes through this. */
export async function addressOf(api: Api, project: string, branch: Branch, wanted: Wanted): Promise<Address> {
  const { database, role } = await chooseDatabase(api, project, branch, wanted);
  const subject = `database ${database} of ${role} on branch ${branch.name}`;
  const ask = async (pooled: boolean) => {
    const query = { branch_id: branch.id, database_name: database, role_name: role, pooled };
    return textIn(await api({ method: 'GET', path: path`/projects/${project}/connection_uri`, query, subject }), 'uri', subject);
  };
  const [direct, pooled] = await Promise.all([ask(false), ask(true)]);
  const { host, query } = partsOf(direct, subject);
  return { host, pooled: partsOf(pooled, subject).host, database, role, query };
}

/** Host and query of a connection string; whatever stands before the last @ may hold any character. */
export function partsOf(uri: string, subject: string): { host: string; query: string } {
  const [, host, query = ''] = /^postgres(?:ql)?:\/\/.*@([^/@?#\s]+)\/[^/@?#]*(\?[^#\s]*)?$/.exec(uri) ?? [];
  if (host === undefined) throw new DcsError('TARGET', `Neon answered something undocumented about ${subject}.`);
  return { host, query };
}

export async function passwordOf(api: Api, project: string, branch: Branch, role: string): Promise<Secret> {
  const subject = `the password of role ${role} on branch ${branch.name}`;
  try {
    const where = path`/projects/${project}/branches/${branch.id}/roles/${role}/reveal_password`;
    return new Secret(textIn(await api({ method: 'GET', path: where, subject }), 'password', subject));
  } catch (error) {
    if (!isDcsError(error) || error.details.status !== 412) throw error;
    throw new DcsError('TARGET', `Neon does not store the passwords of project ${project}.`, {
      why: 'So nobody can read the one that is in use. Nothing was written.',
      hint: 'turn on password storage in the settings of the project, then reset the password of the role',
    });
  }
}

/** Everything an app needs to connect. */
export async function connectionOf(api: Api, project: string, branch: Branch, wanted: Wanted): Promise<Connection> {
  if (wanted.role !== undefined && wanted.database !== undefined) {
    const [address, password] = await Promise.all([addressOf(api, project, branch, wanted), passwordOf(api, project, branch, wanted.role)]);
    return { ...address, password };
  }
  const address = await addressOf(api, project, branch, wanted);
  return { ...address, password: await passwordOf(api, project, branch, address.role) };
}
