import { DcsError, path, type Put } from 'dcs-sdk';
import { asRecord, asRecords, asText, pages, wrongShape, type Api } from './api.ts';
import type { StoreOptions } from './options.ts';

export interface StoredSecret {
  readonly id: string;
  readonly name: string;
  readonly modified: string;
  readonly comment: string;
}

/** The calls of one Secrets Store. */
export interface StoreApi {
  /** Asks which store it is; the other calls remember the answer. */
  find(): Promise<string>;
  storeId(): Promise<string>;
  secrets(): Promise<StoredSecret[]>;
  create(puts: readonly Put[]): Promise<StoredSecret[]>;
  update(id: string, value: string): Promise<StoredSecret>;
  remove(id: string): Promise<void>;
}

const MARK = /^managed-by=dcs owner=(\S+)$/;
const comment = (put: Put): { comment?: string } => (put.mark === undefined ? {} : { comment: `managed-by=dcs owner=${put.mark.owner}` });
/** The owner that a comment of dcs names. */
export const ownerIn = (text: string): string | undefined => MARK.exec(text)?.[1];

export function storeApi(api: Api, { account_id, store_id, scopes = ['workers'] }: StoreOptions): StoreApi {
  const subject = `the Secrets Store of account '${account_id}'`;
  const stores = path`/accounts/${account_id}/secrets_store/stores`;
  const parse = (value: unknown): StoredSecret => {
    const item = asRecord(value, subject);
    const said = item['comment'];
    return { ...ids(item), modified: asText(item['modified'], subject), comment: typeof said === 'string' ? said : '' };
  };
  const ids = (item: Record<string, unknown>): { id: string; name: string } => ({
    id: asText(item['id'], subject),
    name: asText(item['name'], subject),
  });
  /** After a write the answer's shape says nothing about whether it was applied. */
  const after = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new DcsError('TARGET', error instanceof DcsError ? error.message : wrongShape(subject).message, { applied: 'unknown' });
    }
  };

  let found: Promise<string> | undefined;
  const find = async (): Promise<string> => {
    const all = await pages(api, { method: 'GET', path: stores, subject });
    const [first, ...others] = all.map(ids);
    if (store_id !== undefined) {
      if ([first, ...others].some((store) => store?.id === store_id)) return store_id;
      throw new DcsError('TARGET', `There is no store '${store_id}' in account '${account_id}'.`, {
        hint: 'wrangler secrets-store store list --remote',
      });
    }
    if (first === undefined)
      throw new DcsError('TARGET', `Account '${account_id}' has no Secrets Store.`, {
        hint: 'wrangler secrets-store store create NAME --remote',
      });
    if (others.length > 0)
      throw new DcsError('CONFIG', `Account '${account_id}' has ${all.length} Secrets Stores.`, {
        hint: `set store_id in dcs.yaml to one of: ${[first, ...others].map((store) => store.id).join(', ')}`,
      });
    return first.id;
  };
  const storeId = (): Promise<string> => (found ??= find());
  const at = async (secret?: string): Promise<string> => {
    const base = `${stores}/${encodeURIComponent(await storeId())}/secrets`;
    return secret === undefined ? base : `${base}/${encodeURIComponent(secret)}`;
  };

  return {
    find: () => (found = find()),
    storeId,
    async secrets() {
      const items = await pages(api, { method: 'GET', path: await at(), subject });
      return items.filter((item) => item['status'] !== 'deleted').map(parse);
    },
    async create(puts) {
      const body = puts.map((put) => ({ name: put.name, value: put.secret.reveal(), scopes, ...comment(put) }));
      const { result } = await api({ method: 'POST', path: await at(), body, subject, idempotent: false });
      return after(() => asRecords(result, subject).map(parse));
    },
    async update(id, value) {
      const { result } = await api({ method: 'PATCH', path: await at(id), body: { value }, subject, idempotent: false });
      return after(() => parse(result));
    },
    async remove(id) {
      await api({ method: 'DELETE', path: await at(id), subject, idempotent: false });
    },
  };
}
