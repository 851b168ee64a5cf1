import { defineTarget, isDcsError, type Entry, type Outcome, type Put, type Target, type Write } from 'dcs-sdk';
import { createApi, defaultEndpoint } from './api.ts';
import { schema, storeFields, type StoreOptions } from './options.ts';
import { failed, skipped } from './outcomes.ts';
import { ownerIn, storeApi, type StoreApi, type StoredSecret } from './store-api.ts';

export default defineTarget<StoreOptions>({
  type: 'cloudflare-secrets-store',
  title: 'Cloudflare Secrets Store',
  options: schema(storeFields),
  keys: Object.keys(storeFields),
  supports: { readable: false, ownership: true, atomic: false, trail: true },
  // https://developers.cloudflare.com/secrets-store/manage-secrets/, 100 secrets an account in beta, last verified 2026-11-21.
  // An empty value, or a name with a space, would be refused together with its whole batch; that they are refused is not documented.
  limits: { batch: 20, valueBytes: 65_536, count: 100, empty: false, names: /^\S{1,255}$/ },
  credentials: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY', 'CLOUDFLARE_EMAIL'],
  effect: 'now',
  endpoint: (env) => env['CLOUDFLARE_API_BASE_URL'] ?? defaultEndpoint,
  // One store an account, so an entry with its id and one without are the same place.
  place: ({ account_id }) => `${account_id}/secrets-store`,
  connect: (options, context) => connect(storeApi(createApi(context), options), options, context.signal),
});

function connect(api: StoreApi, { account_id }: StoreOptions, signal: AbortSignal): Target {
  return {
    async identify() {
      const id = await api.find();
      return { id: `${account_id}/${id}`, title: `Secrets Store ${id.slice(0, 8)}, account ${account_id}` };
    },
    async list() {
      return { entries: (await api.secrets()).map(entry), incarnation: await api.storeId() };
    },
    async write(changes) {
      if (signal.aborted) return skipped(changes);
      const creates = changes.filter((change): change is Put => change.action === 'create');
      const outcomes = creates.length === 0 ? [] : await create(api, creates);
      const rest = changes.filter((change) => change.action !== 'create').toSorted((a, b) => rank(a) - rank(b));
      if (rest.length > 0) outcomes.push(...(await changeEach(api, rest, signal)));
      return outcomes;
    },
  };
}

const rank = (change: Write): number => (change.action === 'delete' ? 1 : 0);

function entry({ id, name, modified, comment }: StoredSecret): Entry {
  const owner = ownerIn(comment);
  return { name, birth: id, trail: [{ id: modified }], ...(owner === undefined ? {} : { mark: { owner, created: true } }) };
}

async function create(api: StoreApi, puts: readonly Put[]): Promise<Outcome[]> {
  try {
    const made = new Map((await api.create(puts)).map((secret) => [secret.name, secret]));
    return puts.map(({ name }) => {
      const secret = made.get(name);
      return secret === undefined ? { name, result: 'unknown' } : { name, result: 'done', revision: secret.modified, birth: secret.id };
    });
  } catch (error) {
    return failed(puts, error);
  }
}

/** Secrets are addressed by id: one made again under the same name is another one and stays as it is. */
async function changeEach(api: StoreApi, changes: readonly Write[], signal: AbortSignal): Promise<Outcome[]> {
  let ids: ReadonlyMap<string, string>;
  try {
    ids = new Map((await api.secrets()).map(({ name, id }) => [name, id]));
  } catch (error) {
    return failed(changes, error);
  }
  const outcomes: Outcome[] = [];
  for (const change of changes) {
    const id = ids.get(change.name);
    if (signal.aborted) outcomes.push(...skipped([change]));
    else if (id === undefined || (change.birth !== undefined && change.birth !== id))
      outcomes.push({ name: change.name, result: 'conflict' });
    else outcomes.push(await changeOne(api, change, id));
  }
  return outcomes;
}

async function changeOne(api: StoreApi, change: Write, id: string): Promise<Outcome> {
  const { name } = change;
  try {
    if (change.action === 'delete') {
      await api.remove(id);
      return { name, result: 'done' };
    }
    const { modified } = await api.update(id, change.secret.reveal());
    return { name, result: 'done', revision: modified, birth: id };
  } catch (error) {
    if (isDcsError(error) && error.details.status === 404) return { name, result: 'conflict', error };
    return failed([change], error)[0] as Outcome;
  }
}
