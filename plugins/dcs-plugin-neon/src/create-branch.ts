import { DcsError, isDcsError, path, Secret } from 'dcs-sdk';
import { fieldsIn, listIn, textIn, wrongShape, type Fields } from './api.ts';
import { branchesOf, branchFrom, type Branch } from './branches.ts';
import { partsOf, type Address } from './connection.ts';
import { AGAIN, finished, type Neon } from './operations.ts';

export interface NewBranch {
  readonly name: string;
  readonly parent: Branch;
  /** A moment or an LSN of the parent's history. Default: now. */
  readonly at?: { readonly timestamp: string } | { readonly lsn: string };
  readonly schemaOnly?: boolean;
  /** RFC 3339; Neon deletes it then. */
  readonly expires?: string;
}

export interface Made {
  readonly branch: Branch;
  /** Where Neon says it at once: one role and one database. */
  readonly address?: Address;
}

/** Makes a branch with a compute, and waits until it answers. A lost answer is looked up by name: nothing is made twice. */
export async function createBranch(neon: Neon, project: string, wanted: NewBranch): Promise<Made> {
  const { name, parent, at, schemaOnly = false, expires } = wanted;
  const subject = `branch ${name} of project ${project}`;
  const branch = {
    name,
    parent_id: parent.id,
    ...(at === undefined ? {} : 'lsn' in at ? { parent_lsn: at.lsn } : { parent_timestamp: at.timestamp }),
    ...(schemaOnly ? { init_source: 'schema-only' } : {}),
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
  let answer: Fields;
  try {
    answer = await neon.api({
      method: 'POST',
      path: path`/projects/${project}/branches`,
      body: { branch, endpoints: [{ type: 'read_write' }] },
      subject,
    });
  } catch (error) {
    if (!isDcsError(error) || error.details.applied !== 'unknown') throw error;
    const found = (await branchesOf(neon.api, project)).find((each) => each.name === name);
    if (found === undefined) throw error;
    return { branch: found };
  }
  await finished(neon, project, answer, subject);
  const address = addressIn(answer, subject);
  return { branch: branchFrom(fieldsIn(answer['branch'], subject), subject), ...(address === undefined ? {} : { address }) };
}

/** Given only where there is no choice to make. */
export function addressIn(answer: Fields, subject: string): Address | undefined {
  if (answer['connection_uris'] === undefined) return undefined;
  const [only] = listIn(answer, 'connection_uris', subject);
  if (only === undefined) return undefined;
  const parameters = fieldsIn(only['connection_parameters'], subject);
  const text = (key: string): string => textIn(parameters, key, subject);
  const { host, query } = partsOf(textIn(only, 'connection_uri', subject), subject);
  return { host, pooled: text('pooler_host'), database: text('database'), role: text('role'), query };
}

/** A branch is born with the passwords of its parent: this one gets its own. The former one opens until it is done, and never after. */
export async function renewPassword(neon: Neon, project: string, branch: Branch, role: string): Promise<Secret> {
  const subject = `the password of role ${role} on branch ${branch.name}`;
  const where = path`/projects/${project}/branches/${branch.id}/roles/${role}/reset_password`;
  const ask = (): Promise<Fields> => neon.api({ method: 'POST', path: where, subject });
  let answer: Fields;
  try {
    answer = await ask();
  } catch (error) {
    if (!isDcsError(error) || error.details.applied !== 'unknown') throw error;
    // One that is still under way would take the place of the next one after that was told.
    if (error.details.late) throw new DcsError(error.code, error.message, { ...error.details, hint: AGAIN });
    answer = await ask();
  }
  const password = fieldsIn(answer['role'], subject)['password'];
  if (typeof password !== 'string' || password === '') throw wrongShape(subject);
  await finished(neon, project, answer, subject);
  return new Secret(password);
}

/** Branches that have a compute to connect to. */
export async function withEndpoint(neon: Neon, project: string): Promise<ReadonlySet<string>> {
  const subject = `project ${project}`;
  const answer = await neon.api({ method: 'GET', path: path`/projects/${project}/endpoints`, subject });
  return new Set(
    listIn(answer, 'endpoints', subject).flatMap((each) => (each['type'] === 'read_write' ? [textIn(each, 'branch_id', subject)] : [])),
  );
}

export async function addEndpoint(neon: Neon, project: string, branch: Branch): Promise<void> {
  const subject = `the compute of branch ${branch.name}`;
  const endpoint = { branch_id: branch.id, type: 'read_write' };
  const answer = await neon.api({ method: 'POST', path: path`/projects/${project}/endpoints`, body: { endpoint }, subject });
  await finished(neon, project, answer, subject);
}
