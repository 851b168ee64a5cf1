import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { repository, type Repository } from './repository.ts';

const { accountId, token } = SEED.cloudflare;

export const ROOT_FILE = `workspaces: ["services/*"]
defaults:
  doppler: shop
  targets: {cloudflare: {account_id: ${accountId}, include: [STRIPE_KEY, SENTRY_DSN]}}
`;

export interface Workspace extends Repository {
  /** Writes a file below the project. */
  put(file: string, text: string): Promise<void>;
  /** A Worker of the sandbox's account, with no secret yet. */
  deploy(...workers: string[]): Promise<void>;
  /** `services/NAME/dcs.yaml` with these targets, each with a Worker of its own: `NAME-TARGET`. */
  member(name: string, ...targets: string[]): Promise<void>;
}

/** A repository with a root file and no members yet. */
export async function workspace(root = ROOT_FILE): Promise<Workspace> {
  const w = await repository();
  const put = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(w.project, file)), { recursive: true });
    await writeFile(join(w.project, file), text);
  };
  const deploy = async (...workers: string[]): Promise<void> => {
    for (let first = 0; first < workers.length; first += 40)
      await Promise.all(workers.slice(first, first + 40).map((name) => upload(w.origin, name)));
  };
  await w.yaml(root);
  await w.doppler('stg', { STRIPE_KEY: 'sk-of-staging-0001', SENTRY_DSN: 'https://sentry.example/1' });
  return {
    ...w,
    put,
    deploy,
    async member(name, ...targets) {
      await deploy(...targets.map((target) => `${name}-${target}`));
      const entries = targets.map((target) => `  ${target}: {type: cloudflare, worker: {staging: ${name}-${target}}}\n`);
      await put(`services/${name}/dcs.yaml`, `targets:\n${entries.join('')}`);
    },
  };
}

async function upload(origin: string, name: string): Promise<void> {
  const form = new FormData();
  form.set('metadata', JSON.stringify({ main_module: 'index.js' }));
  form.set('index.js', new File(['export default {}'], 'index.js', { type: 'application/javascript+module' }));
  const answer = await fetch(`${origin}/client/v4/accounts/${accountId}/workers/scripts/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  if (!answer.ok) throw new Error(`the upload answered ${answer.status}`);
}
