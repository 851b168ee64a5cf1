import { DcsError } from 'dcs-sdk';
import { ACCESSOR, accessOf, asText, pages, type Google } from 'dcs-plugin-gcp/target';

export interface Backend {
  readonly id: string;
  readonly account: string;
}

/** The App Hosting backends of a project, with the account that builds and runs them. */
export async function backends(google: Google, project: string): Promise<Backend[]> {
  const subject = `the App Hosting backends of project '${project}'`;
  const path = `/v1/projects/${encodeURIComponent(project)}/locations/-/backends`;
  const found = await pages(google('firebaseapphosting'), { method: 'GET', path, subject }, 'backends');
  return found.map((item) => ({ id: asText(item['name'], subject).split('/').at(-1)!, account: asText(item['serviceAccount'], subject) }));
}

export function chooseBackend(all: readonly Backend[], named: string | undefined, project: string): Backend {
  const [only, ...others] = named === undefined ? all : all.filter(({ id }) => id === named);
  if (only && others.length === 0) return only;
  throw new DcsError(
    'USAGE',
    only
      ? `Project ${project} has ${all.length} App Hosting backends.`
      : `Project ${project} has no App Hosting backend${named === undefined ? '' : ` ${named}`}.`,
    {
      hint: all.map(({ id }) => `--backend ${id}`),
    },
  );
}

/** Adds the names that the file does not mention, each as a reference to the secret of its name. Comments stay. Undefined: nothing to add. */
export async function withReferences(
  file: string,
  text: string,
  names: readonly string[],
): Promise<{ text: string; added: string[] } | undefined> {
  const { isMap, isSeq, parseDocument, YAMLSeq } = await import('yaml');
  const document = parseDocument(text);
  if (document.errors.length > 0 || (document.contents !== null && !isMap(document.contents)))
    throw new DcsError('CONFIG', `${file} cannot be read.`, { why: 'It is not valid YAML, or no map. Nothing was written or granted.' });
  const env = document.get('env') ?? new YAMLSeq();
  if (!isSeq(env)) throw new DcsError('CONFIG', `env in ${file} is no list.`, { why: 'Nothing was written or granted.' });
  const there = new Set(env.items.map((item) => (isMap(item) ? item.get('variable') : undefined)));
  const added = names.filter((name) => !there.has(name));
  if (added.length === 0) return undefined;
  for (const name of added) env.add(document.createNode({ variable: name, secret: name }));
  document.set('env', env);
  return { text: document.toString({ lineWidth: 0 }), added };
}

/** The rights that the Firebase CLI gives a backend on a secret: firebase-tools 15.34.2 (its lib/apphosting/secrets), last verified 2026-11-21. */
export async function grantBackend(google: Google, project: string, { account }: Backend, names: readonly string[]): Promise<string[]> {
  const access = accessOf(google, { project_id: project });
  const { name } = await google('cloudresourcemanager')({
    method: 'GET',
    path: `/v3/projects/${encodeURIComponent(project)}`,
    subject: `project '${project}'`,
  });
  const agent = `service-${asText(name, project).split('/').at(-1)}@gcp-sa-firebaseapphosting.iam.gserviceaccount.com`;
  const granted: string[] = [];
  for (const id of names) {
    const changed = [
      await access.grant([`serviceAccount:${account}`], id, ACCESSOR),
      await access.grant([`serviceAccount:${account}`], id, 'roles/secretmanager.viewer'),
      await access.grant([`serviceAccount:${agent}`], id, 'roles/secretmanager.secretVersionManager'),
    ];
    if (changed.includes(true)) granted.push(id);
  }
  return granted;
}
