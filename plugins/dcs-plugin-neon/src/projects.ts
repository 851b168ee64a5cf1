import { DcsError, isDcsError, path } from 'dcs-sdk';
import { fieldsIn, listIn, optionalText, textIn, wrongShape, type Api, type Fields } from './api.ts';
import { finished, type Neon } from './operations.ts';

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly version: number;
}

export interface NewProject {
  readonly name: string;
  readonly org: string | undefined;
  readonly region: string | undefined;
  readonly version: number | undefined;
  readonly database: string | undefined;
  readonly role: string | undefined;
}

function projectFrom(fields: Fields, subject: string): Project {
  const version = fields['pg_version'];
  if (typeof version !== 'number') throw wrongShape(subject);
  return {
    id: textIn(fields, 'id', subject),
    name: textIn(fields, 'name', subject),
    region: textIn(fields, 'region_id', subject),
    version,
  };
}

/** Every project of an organization; a key of an organization or of a project needs not name it. */
export async function projectsOf(api: Api, org: string | undefined): Promise<Project[]> {
  const subject = 'your projects';
  const all: Project[] = [];
  for (let cursor: string | undefined; ;) {
    const answer = await api({ method: 'GET', path: '/projects', query: { limit: 400, org_id: org, cursor }, subject });
    // What Neon could not reach in time it leaves out, and says so.
    if (Array.isArray(answer['unavailable_project_ids']) && answer['unavailable_project_ids'].length > 0)
      throw new DcsError('NETWORK', 'Neon lists only some of the projects right now.', { hint: 'the same command again' });
    const page = listIn(answer, 'projects', subject).map((fields) => projectFrom(fields, subject));
    all.push(...page);
    const next = optionalText((answer['pagination'] ?? {}) as Fields, 'cursor');
    if (next === undefined || next === cursor || page.length === 0) return all;
    cursor = next;
  }
}

export async function projectNamed(api: Api, id: string): Promise<Project> {
  const subject = `project ${id}`;
  return projectFrom(fieldsIn((await api({ method: 'GET', path: path`/projects/${id}`, subject }))['project'], subject), subject);
}

/** The organization a personal key has to name: said, or its only one. Undefined for a key that has just one anyway. */
export async function chooseOrg(api: Api, said: string | undefined): Promise<string | undefined> {
  if (said !== undefined) return said;
  if (textIn(await api({ method: 'GET', path: '/auth', subject: 'your key' }), 'auth_method', 'your key') === 'api_key_org')
    return undefined;
  const subject = 'your organizations';
  const all = listIn(await api({ method: 'GET', path: '/users/me/organizations', subject }), 'organizations', subject);
  const [only, ...others] = all;
  if (others.length === 0) return only && textIn(only, 'id', subject);
  throw new DcsError('USAGE', `The Neon key sees ${all.length} organizations.`, {
    hint: all.map((org) => `--org-id ${textIn(org, 'id', subject)}   ${textIn(org, 'name', subject)}`),
  });
}

/** The default branch of a project that dcs makes. */
export const MAIN = 'main';

/** Makes a project, and waits until it answers. A lost answer is looked up by name: nothing is made twice. */
export async function createProject(neon: Neon, wanted: NewProject): Promise<Project> {
  const { name, org, region, version, database, role } = wanted;
  const subject = `project ${name}`;
  const branch = {
    name: MAIN,
    ...(database === undefined ? {} : { database_name: database }),
    ...(role === undefined ? {} : { role_name: role }),
  };
  const body = {
    project: {
      name,
      branch,
      ...(org === undefined ? {} : { org_id: org }),
      ...(region === undefined ? {} : { region_id: region }),
      ...(version === undefined ? {} : { pg_version: version }),
    },
  };
  let answer: Fields;
  try {
    answer = await neon.api({ method: 'POST', path: '/projects', body, subject });
  } catch (error) {
    if (!isDcsError(error) || error.details.applied !== 'unknown') throw error;
    const found = (await projectsOf(neon.api, org)).find((each) => each.name === name);
    if (found === undefined) throw error;
    return found;
  }
  const made = projectFrom(fieldsIn(answer['project'], subject), subject);
  await finished(neon, made.id, answer, subject);
  return made;
}
