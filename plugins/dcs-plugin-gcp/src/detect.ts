import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Detect, Env } from 'dcs-sdk';

/** What a repository that is deployed to Google Cloud holds. */
const FILES = ['.gcloudignore', 'cloudbuild.yaml', 'cloudbuild.yml', 'app.yaml', 'service.yaml', 'clouddeploy.yaml'];

/** Finds a repository that gcloud deploys. Firebase's own files are the firebase plugin's. */
const detect: Detect = async (root, env) => {
  const there = await Promise.all(FILES.map((file) => exists(join(root, file))));
  const file = FILES.find((_, index) => there[index]);
  if (file === undefined || (await exists(join(root, 'firebase.json')))) return [];
  const project_id = await projectOf(env);
  const notes = project_id === undefined ? ['the project is not known here: GOOGLE_CLOUD_PROJECT, or gcloud config set project'] : [];
  return [{ name: 'gcp', type: 'gcp', file, options: project_id === undefined ? {} : { project_id }, notes }];
};
export default detect;

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** The environment's project, else that of gcloud's active configuration. */
export async function projectOf(env: Env): Promise<string | undefined> {
  const named = env['GOOGLE_CLOUD_PROJECT'] ?? env['CLOUDSDK_CORE_PROJECT'];
  if (named) return named;
  const folder = env['CLOUDSDK_CONFIG'] ?? join(env['APPDATA'] ?? join(env['HOME'] ?? '', '.config'), 'gcloud');
  const active = env['CLOUDSDK_ACTIVE_CONFIG_NAME'] ?? ((await text(join(folder, 'active_config')))?.trim() || 'default');
  const config = /^[\w-]+$/.test(active) ? await text(join(folder, 'configurations', `config_${active}`)) : undefined;
  return /^project\s*=\s*(\S+)\s*$/m.exec(config ?? '')?.[1];
}

async function text(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
