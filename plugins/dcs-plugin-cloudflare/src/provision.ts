import { DcsError, isDcsError, path, type Detected, type Host } from 'dcs-sdk';
import { NO_WORKER, type Api } from './api.ts';
import { workerApi } from './worker-api.ts';

/** What is in dcs.yaml after provisioning, and which Workers exist. */
export interface Provisioned {
  readonly target: string;
  readonly linked: readonly string[];
  readonly workers: readonly { readonly name: string; readonly state: 'exists' | 'missing' | 'created' }[];
}

/** Writes account and Worker of a wrangler file into dcs.yaml, once agreed. What stands there already stays. */
export async function link(host: Host, found: Detected): Promise<{ target: string; linked: string[]; options: Record<string, unknown> }> {
  const [entry] = await host.targets([found.type]);
  const target = entry?.name ?? found.name;
  const missing = Object.entries(found.options).filter(([key]) => entry?.options[key] === undefined);
  const options = { ...found.options, ...entry?.options };
  if (missing.length === 0) return { target, linked: [], options };
  const keys = missing.map(([key]) => key);
  if (!(await host.confirm(`Write ${keys.join(', ')} of ${found.file} into dcs.yaml as targets.${target}?`, '--yes')))
    throw new DcsError('REFUSED', 'dcs.yaml was not changed.', { hint: 'dcs provision cloudflare --yes' });
  if (entry === undefined && target !== found.type) await host.editConfig(['targets', target, 'type'], found.type);
  for (const [key, value] of missing) await host.editConfig(['targets', target, key], value);
  return { target, linked: keys, options };
}

/** The Workers an entry names, whichever environment. */
export function workersOf(options: Readonly<Record<string, unknown>>): string[] {
  const worker = options['worker'];
  if (typeof worker === 'string') return [worker];
  return typeof worker === 'object' && worker !== null
    ? [...new Set(Object.values(worker).filter((name) => typeof name === 'string'))]
    : [];
}

export async function workerExists(api: Api, account_id: string, worker: string): Promise<boolean> {
  try {
    await workerApi(api, { account_id, worker }).deployments();
    return true;
  } catch (error) {
    if (isDcsError(error) && NO_WORKER.has(Number(error.details.vendorCode))) return false;
    throw error;
  }
}

const DRAFT = 'export default { fetch() {} }';
const BOUNDARY = 'dcs-draft-worker';

/** An empty Worker as wrangler makes it, so that secrets have a place before the first deployment. */
export async function createDraft(api: Api, account: string, worker: string): Promise<void> {
  const metadata = JSON.stringify({ main_module: 'index.js', compatibility_date: '2026-11-01' });
  const part = (name: string, type: string, content: string): string =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"${name === 'metadata' ? '' : `; filename="${name}"`}\r\ncontent-type: ${type}\r\n\r\n${content}\r\n`;
  const form = `${part('metadata', 'application/json', metadata)}${part('index.js', 'application/javascript+module', DRAFT)}--${BOUNDARY}--\r\n`;
  await api({
    method: 'PUT',
    path: path`/accounts/${account}/workers/scripts/${worker}`,
    body: form,
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    subject: `Worker '${worker}' in account '${account}'`,
    idempotent: false,
  });
}
