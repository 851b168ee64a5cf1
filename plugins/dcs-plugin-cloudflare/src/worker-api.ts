import { DcsError, isDcsError, path, type Write } from 'dcs-sdk';
import { asRecord, asRecords, asText, pages, wrongShape, type Api } from './api.ts';
import type { WorkerOptions } from './options.ts';

export interface Deployment {
  readonly created: string;
  readonly cause: string | undefined;
  readonly versions: readonly string[];
}
export interface Version {
  readonly id: string;
  readonly created: string;
  readonly cause: string | undefined;
}
export interface Binding {
  readonly name: string;
  readonly type: string;
}

/** The calls of one Worker. */
export interface WorkerApi {
  readonly subject: string;
  /** Of what is deployed; of that version, where one is named. */
  bindings(version?: string): Promise<Binding[]>;
  /** Newest first. */
  deployments(): Promise<Deployment[]>;
  /** Newest first. */
  versions(page: number, perPage: number): Promise<Version[]>;
  accountName(): Promise<string | undefined>;
  /** All changes in one new version, deployed at once. */
  writeAndDeploy(changes: readonly Write[]): Promise<void>;
  /** All changes in one new version on top of the newest; nothing is deployed. */
  writeVersion(changes: readonly Write[]): Promise<string>;
}

const MERGE = 'application/merge-patch+json';

/** JSON merge patch: an object sets, null deletes, absent stays. `fromEntries`, since an assignment would lose `__proto__`. */
function patch(changes: readonly Write[], withName: boolean): Record<string, unknown> {
  return Object.fromEntries(
    changes.map((change) => {
      if (change.action === 'delete') return [change.name, null];
      const binding = { type: 'secret_text', text: change.secret.reveal() };
      return [change.name, withName ? { name: change.name, ...binding } : binding];
    }),
  );
}

function cause(item: Record<string, unknown>, subject: string): string | undefined {
  if (item['annotations'] === undefined || item['annotations'] === null) return undefined;
  const said = asRecord(item['annotations'], subject)['workers/triggered_by'];
  return typeof said === 'string' ? said : undefined;
}

export function workerApi(api: Api, { account_id, worker }: WorkerOptions): WorkerApi {
  const subject = `Worker '${worker}' in account '${account_id}'`;
  const script = path`/accounts/${account_id}/workers/scripts/${worker}`;
  const get = async (below: string, query: Record<string, number> = {}): Promise<Record<string, unknown>> =>
    asRecord((await api({ method: 'GET', path: `${script}${below}`, query, subject })).result, subject);

  return {
    subject,
    async bindings(version) {
      const { bindings } =
        version === undefined ? await get('/settings') : asRecord((await get(path`/versions/${version}`))['resources'], subject);
      return asRecords(bindings, subject).map(({ name, type }) => ({ name: asText(name, subject), type: asText(type, subject) }));
    },
    async deployments() {
      const { deployments } = await get('/deployments');
      return asRecords(deployments, subject).map((item) => ({
        created: asText(item['created_on'], subject),
        cause: cause(item, subject),
        versions: asRecords(item['versions'], subject).map((version) => asText(version['version_id'], subject)),
      }));
    },
    async versions(page, perPage) {
      const { items } = await get('/versions', { page, per_page: perPage });
      return asRecords(items, subject).map((item) => ({
        id: asText(item['id'], subject),
        created: asText(asRecord(item['metadata'], subject)['created_on'], subject),
        cause: cause(item, subject),
      }));
    },
    async accountName() {
      const about = `account '${account_id}'`;
      try {
        const { result } = await api({ method: 'GET', path: path`/accounts/${account_id}`, subject: about });
        return asText(asRecord(result, about)['name'], about);
      } catch (error) {
        // A token for Workers only may not read the account: its id serves as well.
        if (isDcsError(error) && error.details.status === 403) return undefined;
        throw error;
      }
    },
    async writeAndDeploy(changes) {
      // At most 100 operations: https://developers.cloudflare.com/changelog/ 2026-06-03, last verified 2026-11-21.
      const body = { secrets: patch(changes, true) };
      await api({ method: 'PATCH', path: `${script}/secrets-bulk`, contentType: MERGE, body, subject, idempotent: false });
    },
    async writeVersion(changes) {
      const body = { env: patch(changes, false), annotations: { 'workers/message': 'dcs sync' } };
      const at = path`/accounts/${account_id}/workers/workers/${worker}/versions/latest`;
      const { result } = await api({ method: 'PATCH', path: at, contentType: MERGE, body, subject, idempotent: false });
      if (typeof result === 'object' && result !== null && 'id' in result && typeof result.id === 'string') return result.id;
      throw new DcsError('TARGET', wrongShape(subject).message, { applied: 'unknown' });
    },
  };
}

/** Names of the account's Workers. */
export async function workerNames(api: Api, account: string): Promise<string[]> {
  const subject = `the Workers of account '${account}'`;
  const items = await pages(api, { method: 'GET', path: path`/accounts/${account}/workers/scripts`, subject });
  return items.map((item) => asText(item['id'], subject)).toSorted();
}

/** Accounts the token sees. */
export async function accounts(api: Api): Promise<{ id: string; name: string }[]> {
  const subject = 'your accounts';
  const items = await pages(api, { method: 'GET', path: '/accounts', subject }, 50);
  return items.map(({ id, name }) => ({ id: asText(id, subject), name: asText(name, subject) }));
}
