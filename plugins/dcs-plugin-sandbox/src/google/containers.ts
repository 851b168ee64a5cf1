import { invalid, isObject, type Json } from './envelope.ts';
import { projectNamed } from './gate.ts';
import { allows } from './iam.ts';
import { findSecret, secretName } from './secrets.ts';
import { type Failure, type Project, type Secret, type Version, type World } from './state.ts';
import { resolve, stateOf } from './versions.ts';

/** A secret that code asks for: as a variable, or as a file when `variable` is empty. */
export interface Reference {
  variable: string;
  project: string;
  secret: string;
  version: string;
}

// https://cloud.google.com/run/quotas, last verified 2026-11-21.
const MOST_BYTES = 32_768;

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const word = (value: unknown): string => (typeof value === 'string' ? value : '');

const variables = (template: Json): Json[] => list(template['containers']).flatMap((container) => list(container['env']));

function referenceTo(project: Project, variable: string, secret: unknown, version: unknown): Reference {
  const [, owner = project.id, name = word(secret)] = /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(word(secret)) ?? [];
  return { variable, project: owner, secret: name, version: word(version) || 'latest' };
}

/** Everything a template refers to, variables first. */
export function referencesOf(project: Project, template: Json): Reference[] {
  const byName = variables(template).flatMap(({ name, valueSource }) => {
    const key = isObject(valueSource) ? valueSource['secretKeyRef'] : undefined;
    return isObject(key) ? [referenceTo(project, word(name), key['secret'], key['version'])] : [];
  });
  const files = list(template['volumes']).flatMap(({ secret }) => {
    if (!isObject(secret)) return [];
    const items = list(secret['items']);
    const versions = items.length === 0 ? ['latest'] : items.map(({ version }) => version);
    return versions.map((version) => referenceTo(project, '', secret['secret'], version));
  });
  return [...byName, ...files];
}

/** Refuses what the API refuses before it starts anything. */
export function checkContainers(template: Json): void {
  if (list(template['containers']).length === 0) throw invalid('The template needs a container.');
  for (const container of list(template['containers'])) {
    const seen = new Set<string>();
    for (const { name, value, valueSource } of list(container['env'])) {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(word(name))) throw invalid('The name of a variable is invalid.');
      if (seen.has(word(name))) throw invalid(`The variable '${word(name)}' is there twice.`);
      seen.add(word(name));
      if (value !== undefined && valueSource !== undefined) throw invalid(`The variable '${word(name)}' has two sources.`);
      if (Buffer.byteLength(word(value)) > MOST_BYTES) throw invalid(`The variable '${word(name)}' is larger than ${MOST_BYTES} bytes.`);
      const key = isObject(valueSource) ? valueSource['secretKeyRef'] : undefined;
      if (isObject(key) && (word(key['secret']) === '' || word(key['version']) === ''))
        throw invalid(`The variable '${word(name)}' needs a secret and a version.`);
    }
  }
}

interface Found {
  owner: Project;
  secret: Secret;
  version: Version;
}

function find(world: World, { project, secret: id, version: wanted }: Reference): Found | undefined {
  const owner = projectNamed(world, project);
  const secret = owner === undefined ? undefined : findSecret(owner, '', id);
  if (owner === undefined || secret === undefined || secret.versions.length === 0) return undefined;
  const known =
    wanted === 'latest' || Object.hasOwn(secret.aliases, wanted) || secret.versions.some(({ number }) => String(number) === wanted);
  return known ? { owner, secret, version: resolve(world, owner, secret, wanted) } : undefined;
}

const READ = 'secretmanager.versions.access';

function refusal(world: World, account: string, reference: Reference): Failure | null {
  const found = find(world, reference);
  const owner = projectNamed(world, reference.project);
  const name = `projects/${owner?.number ?? reference.project}/secrets/${reference.secret}/versions/${reference.version}`;
  const policies = owner === undefined ? [] : [owner.policy, ...(found === undefined ? [] : [found.secret.policy])];
  if (!allows(world, policies, `serviceAccount:${account}`, READ))
    return {
      code: 7,
      message: `Permission denied on secret: ${name} for Revision service account ${account}. The service account used must be granted the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.`,
    };
  if (found === undefined) return { code: 5, message: `Secret ${name} was not found` };
  const state = stateOf(world, found.version);
  if (state === 'ENABLED') return null;
  return {
    code: 9,
    message: `Secret Version [${secretName(found.owner, found.secret)}/versions/${found.version.number}] is in ${state} state.`,
  };
}

/** Why an instance could not start as `account`, or null. */
export function startFailure(world: World, account: string, references: readonly Reference[]): Failure | null {
  for (const reference of references) {
    const failure = refusal(world, account, reference);
    if (failure !== null) return failure;
  }
  return null;
}

/** What an instance that starts now reads in a variable; null when it is not set. */
export function variableValue(
  world: World,
  project: Project,
  template: Json,
  name: string,
): { value: string | null; version: number | null } {
  const reference = referencesOf(project, template).find(({ variable }) => variable === name);
  const version = reference === undefined ? undefined : find(world, reference)?.version;
  if (version !== undefined) return { value: Buffer.from(version.data, 'base64').toString('utf8'), version: version.number };
  const plain = variables(template).find((one) => one['name'] === name)?.['value'];
  return { value: typeof plain === 'string' ? plain : null, version: null };
}

export const defaultAccount = (project: Project): string => `${project.number}-compute@developer.gserviceaccount.com`;

export const accountOf = (project: Project, template: Json): string => word(template['serviceAccount']) || defaultAccount(project);
