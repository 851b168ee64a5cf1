import { DcsError, path, Secret } from 'dcs-sdk';
import { asJson, asText, pages, refusal, type Google, type Json } from './api.ts';
import { answerOf, getAll, type Answer } from './batch.ts';
import { crc32c } from './crc32c.ts';

/** One secret as its metadata tell it. */
export interface Stored {
  readonly id: string;
  /** The project's number: Google names things by it, whatever the caller wrote. */
  readonly project: string;
  readonly created: string;
  readonly etag: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
}

/** The newest version. `value` is absent where it is disabled, destroyed, not text, or not ours to read. */
export interface Newest {
  readonly version: number;
  readonly state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  readonly value?: Secret;
}

/** Told of a secret whose versions this credential may not even look at, and of the refusal. */
export type Closed = (id: string, refused: DcsError) => void;

export interface Version {
  readonly version: number;
  readonly state: Newest['state'];
  readonly created: string;
}

export interface Place {
  readonly project_id: string;
  /** A regional secret's location. */
  readonly region?: string;
}

/** What a new secret is made with. */
export interface Made {
  readonly replicas?: readonly string[];
  readonly labels: Json;
  readonly annotations: Json;
}

/** The calls of Secret Manager v1: https://cloud.google.com/secret-manager/docs/reference/rest, last verified 2026-11-21. */
export interface SecretsApi {
  readonly subject: string;
  all(): Promise<Stored[]>;
  /** Throws unless the project's secrets may be listed. */
  reach(): Promise<void>;
  get(id: string): Promise<Stored | undefined>;
  /** Undefined: the secret has no version, or is not there. `number` instead of the newest is never late. */
  newest(wanted: ReadonlyMap<string, number | undefined>, closed?: Closed): Promise<ReadonlyMap<string, Newest | undefined>>;
  create(id: string, made: Made): Promise<Stored>;
  annotate(secret: Stored, annotations: Json): Promise<Stored>;
  add(id: string, value: Secret): Promise<number>;
  remove(secret: Stored): Promise<void>;
  versions(id: string, filter?: string): Promise<Version[]>;
  setState(id: string, version: number, verb: 'disable' | 'enable' | 'destroy'): Promise<void>;
}

/** Google gives up to 25,000 of what may be 1 KB each: one answer of that is larger than dcs reads. */
const PAGE = 2500;
const STATES = ['ENABLED', 'DISABLED', 'DESTROYED'] as const;

export function secretsApi(google: Google, { project_id, region }: Place): SecretsApi {
  const api = google('secretmanager', region);
  const subject = `the secrets of project '${project_id}'${region === undefined ? '' : ` in ${region}`}`;
  const about = (id: string): string => `secret '${id}' of project '${project_id}'`;
  const parent = `/v1${path`/projects/${project_id}`}${region === undefined ? '' : path`/locations/${region}`}`;
  const at = (id: string): string => `${parent}${path`/secrets/${id}`}`;
  const numberOf = (name: unknown, id: string): number => Number(/\/versions\/(\d+)$/.exec(asText(name, about(id)))?.[1] ?? Number.NaN);
  const stateOf = (state: unknown, id: string): Newest['state'] => {
    const found = STATES.find((known) => known === state);
    if (found === undefined) throw new DcsError('TARGET', `Google named an unknown state of a version of ${about(id)}.`);
    return found;
  };
  const certain = (version: number, id: string): number => {
    if (Number.isSafeInteger(version) && version > 0) return version;
    throw new DcsError('TARGET', `Google answered something undocumented about ${about(id)}.`, { applied: 'unknown' });
  };
  const reader =
    (id: string) =>
    (where: string): Promise<Answer> =>
      answerOf(() => api({ method: 'GET', path: where, subject: about(id) }));

  /** Metadata of versions, for those whose payload is not to be had. */
  const described = async (wanted: ReadonlyMap<string, number | undefined>, closed?: Closed): Promise<Map<string, Newest | undefined>> => {
    const found = new Map<string, Newest | undefined>();
    const where = new Map([...wanted].map(([id, version]) => [`${at(id)}/versions/${version ?? 'latest'}`, id]));
    const answers = await getAll(api, [...where.keys()], (each) => reader(where.get(each)!)(each));
    for (const [index, id] of [...where.values()].entries()) {
      const { status, body } = answers[index]!;
      if (status === 404) found.set(id, undefined);
      else if (status >= 400) {
        const refused = refusal(status, body, about(id), { from: 'the credential in use', beats: [] });
        if (status !== 403 || closed === undefined) throw refused;
        closed(id, refused);
      } else found.set(id, { version: certain(numberOf(body['name'], id), id), state: stateOf(body['state'], id) });
    }
    return found;
  };

  return {
    subject,
    async all() {
      const found = await pages(api, { method: 'GET', path: `${parent}/secrets`, query: { pageSize: PAGE }, subject }, 'secrets');
      return found.map((item) => stored(item, subject));
    },
    async reach() {
      await api({ method: 'GET', path: `${parent}/secrets`, query: { pageSize: 1 }, subject });
    },
    async get(id) {
      const { status, body } = await reader(id)(at(id));
      if (status === 404) return undefined;
      if (status >= 400) throw refusal(status, body, about(id), { from: 'the credential in use', beats: [] });
      return stored(body, about(id));
    },
    async newest(wanted, closed) {
      const where = new Map([...wanted].map(([id, version]) => [`${at(id)}/versions/${version ?? 'latest'}:access`, id]));
      const answers = await getAll(api, [...where.keys()], (each) => reader(where.get(each)!)(each));
      const found = new Map<string, Newest | undefined>();
      const unread = new Map<string, number | undefined>();
      for (const [index, id] of [...where.values()].entries()) {
        const { status, body } = answers[index]!;
        if (status === 404) found.set(id, undefined);
        else if (status >= 500) throw refusal(status, body, about(id), { from: 'the credential in use', beats: [] });
        else if (status >= 400) unread.set(id, wanted.get(id)); // disabled, or no right to read values
        else found.set(id, { version: certain(numberOf(body['name'], id), id), state: 'ENABLED', ...payload(body, about(id)) });
      }
      return unread.size === 0 ? found : new Map([...found, ...(await described(unread, closed))]);
    },
    async create(id, { replicas, labels, annotations }) {
      const automatic =
        replicas === undefined ? { automatic: {} } : { userManaged: { replicas: replicas.map((location) => ({ location })) } };
      const body = { labels, annotations, ...(region === undefined ? { replication: automatic } : {}) };
      const query = { secretId: id };
      return stored(
        await api({ method: 'POST', path: `${parent}/secrets`, query, body, subject: about(id), idempotent: false }),
        about(id),
      );
    },
    async annotate({ id, annotations: before }, annotations) {
      const body = { annotations: { ...Object.fromEntries(before), ...annotations } };
      const query = { updateMask: 'annotations' };
      // The same annotations twice are the same: repeating it is harmless.
      return stored(await api({ method: 'PATCH', path: at(id), query, body, subject: about(id), idempotent: true }), about(id));
    },
    async add(id, value) {
      const bytes = Buffer.from(value.reveal(), 'utf8');
      const body = { payload: { data: bytes.toString('base64'), dataCrc32c: String(crc32c(bytes)) } };
      const answer = await api({ method: 'POST', path: `${at(id)}:addVersion`, body, subject: about(id), idempotent: false });
      return certain(numberOf(answer['name'], id), id);
    },
    async remove({ id, etag }) {
      await api({ method: 'DELETE', path: at(id), query: { etag }, subject: about(id), idempotent: false });
    },
    async versions(id, filter) {
      const call = { method: 'GET', path: `${at(id)}/versions`, query: { pageSize: PAGE, filter }, subject: about(id) } as const;
      return (await pages(api, call, 'versions')).map((item) => ({
        version: certain(numberOf(item['name'], id), id),
        state: stateOf(item['state'], id),
        created: asText(item['createTime'], about(id)),
      }));
    },
    async setState(id, version, verb) {
      // A state that stands already is no other one.
      await api({
        method: 'POST',
        path: `${at(id)}/versions/${version}:${verb}`,
        body: {},
        subject: about(id),
        idempotent: verb !== 'destroy',
      });
    },
  };
}

function stored(item: Json, subject: string): Stored {
  const words = (value: unknown): Map<string, string> =>
    new Map(Object.entries(value === undefined ? {} : asJson(value, subject)).map(([key, word]) => [key, String(word)]));
  const parts = asText(item['name'], subject).split('/');
  return {
    id: parts.at(-1)!,
    project: parts[1] ?? '',
    created: asText(item['createTime'], subject),
    etag: typeof item['etag'] === 'string' ? item['etag'] : '',
    labels: words(item['labels']),
    annotations: words(item['annotations']),
  };
}

/** Checked against its checksum; bytes that are no text are no value dcs could compare. */
function payload(body: Json, subject: string): { value?: Secret } {
  const { data, dataCrc32c } = asJson(body['payload'], subject);
  const bytes = Buffer.from(typeof data === 'string' ? data : '', 'base64');
  if (dataCrc32c !== undefined && Number(dataCrc32c) !== crc32c(bytes))
    throw new DcsError('NETWORK', `The value of ${subject} arrived damaged.`, { why: 'Its checksum is another one. Nothing was written.' });
  try {
    return { value: new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) };
  } catch (error) {
    if (error instanceof TypeError) return {};
    throw error;
  }
}
