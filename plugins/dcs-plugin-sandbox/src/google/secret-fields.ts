import { camel, invalid, isObject, type Json, text } from './envelope.ts';
import { type Secret, stamp } from './state.ts';

const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const ANNOTATION_KEY = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const ALIAS = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
// https://cloud.google.com/secret-manager/quotas, last verified 2026-11-21.
const MOST_LABELS = 64;
const MOST_ALIASES = 50;
const MOST_TOPICS = 10;
const MOST_ANNOTATION_BYTES = 16_384;

export const FIELDS = [
  'name',
  'replication',
  'createTime',
  'labels',
  'topics',
  'expireTime',
  'ttl',
  'etag',
  'rotation',
  'versionAliases',
  'annotations',
  'versionDestroyTtl',
  'customerManagedEncryption',
  'tags',
];

function strings(sent: unknown, field: string): [string, string][] {
  if (sent === undefined || sent === null) return [];
  const entries = isObject(sent) ? Object.entries(sent) : undefined;
  if (entries === undefined || !entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    throw invalid(`The field 'secret.${field}' is invalid.`);
  return entries;
}

function labels(sent: unknown): Record<string, string> {
  const entries = strings(sent, 'labels');
  if (entries.length > MOST_LABELS) throw invalid(`A secret has at most ${MOST_LABELS} labels.`);
  for (const [key, value] of entries)
    if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(value) || Buffer.byteLength(key) > 128 || Buffer.byteLength(value) > 128)
      throw invalid(`The label '${key}' is invalid.`);
  return Object.fromEntries(entries);
}

function annotations(sent: unknown): Record<string, string> {
  const entries = strings(sent, 'annotations');
  for (const [key] of entries) if (!ANNOTATION_KEY.test(key)) throw invalid(`The annotation key '${key}' is invalid.`);
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes >= MOST_ANNOTATION_BYTES) throw invalid(`The annotations are larger than ${MOST_ANNOTATION_BYTES} bytes.`);
  return Object.fromEntries(entries);
}

function aliases(sent: unknown, versions: number): Record<string, number> {
  const entries = isObject(sent) ? Object.entries(sent) : [];
  if (entries.length > MOST_ALIASES) throw invalid(`A secret has at most ${MOST_ALIASES} version aliases.`);
  return Object.fromEntries(
    entries.map(([alias, version]) => {
      if (!ALIAS.test(alias) || alias === 'latest' || alias === 'NEW') throw invalid(`The version alias '${alias}' is invalid.`);
      const number = Number(version);
      if (!Number.isInteger(number) || number < 1 || number > versions) throw invalid(`The version of alias '${alias}' does not exist.`);
      return [alias, number];
    }),
  );
}

function topics(sent: unknown): string[] {
  const list = Array.isArray(sent) ? sent : [];
  if (list.length > MOST_TOPICS) throw invalid(`A secret has at most ${MOST_TOPICS} topics.`);
  return list.map((topic: unknown) => text(isObject(topic) ? topic['name'] : undefined, 'secret.topics.name'));
}

function seconds(sent: unknown, field: string): number {
  const match = /^(\d+)(?:\.\d+)?s$/.exec(typeof sent === 'string' ? sent : '');
  if (match === null) throw invalid(`The field 'secret.${field}' is no duration.`);
  return Number(match[1]);
}

function expiry(body: Json): number | null {
  if (body['ttl'] !== undefined) return Date.now() + seconds(body['ttl'], 'ttl') * 1000;
  if (body['expireTime'] === undefined || body['expireTime'] === null) return null;
  const at = Date.parse(text(body['expireTime'], 'secret.expireTime'));
  if (!(at > Date.now())) throw invalid("The field 'secret.expireTime' is in the past.");
  return at;
}

function destroyTtl(sent: unknown): string | null {
  if (sent === undefined || sent === null) return null;
  const length = seconds(sent, 'versionDestroyTtl');
  if (length < 86_400) throw invalid("The field 'secret.versionDestroyTtl' is less than 24 hours.");
  return `${length}s`;
}

/** Immutable. A global secret needs it, a regional one must not have it. */
export function replicationFrom(sent: unknown, location: string): Json {
  if (location !== '') {
    if (sent !== undefined) throw invalid('A regional secret has no replication policy.');
    return {};
  }
  if (!isObject(sent) || isObject(sent['automatic']) === isObject(sent['userManaged']))
    throw invalid("The field 'secret.replication' is required.");
  if (isObject(sent['automatic'])) return { automatic: sent['automatic'] };
  const replicas = isObject(sent['userManaged']) ? sent['userManaged']['replicas'] : undefined;
  if (!Array.isArray(replicas) || replicas.length === 0) throw invalid("The field 'secret.replication.userManaged.replicas' is required.");
  for (const replica of replicas) text(isObject(replica) ? replica['location'] : undefined, 'location');
  return { userManaged: { replicas } };
}

type Mutable = Pick<Secret, 'labels' | 'annotations' | 'topics' | 'aliases' | 'rotation' | 'expires' | 'versionDestroyTtl'>;

const READERS: Record<string, (body: Json, versions: number) => Partial<Mutable>> = {
  labels: (body) => ({ labels: labels(body['labels']) }),
  annotations: (body) => ({ annotations: annotations(body['annotations']) }),
  topics: (body) => ({ topics: topics(body['topics']) }),
  versionAliases: (body, versions) => ({ aliases: aliases(body['versionAliases'], versions) }),
  rotation: ({ rotation }) => ({ rotation: isObject(rotation) ? rotation : null }),
  expireTime: (body) => ({ expires: expiry(body) }),
  ttl: (body) => ({ expires: expiry(body) }),
  versionDestroyTtl: (body) => ({ versionDestroyTtl: destroyTtl(body['versionDestroyTtl']) }),
};

/** The fields that a mask names, read from `body`. */
export function masked(mask: string, body: Json, versions: number): Partial<Mutable> {
  const paths = mask
    .split(',')
    .map((path) => camel(path.trim()))
    .filter((path) => path !== '' && path !== 'etag');
  if (paths.length === 0) throw invalid("The field 'update_mask' is required.");
  const changes = paths.map((path) => {
    const reader = Object.hasOwn(READERS, path) ? READERS[path] : undefined;
    if (reader === undefined) throw invalid(`The update mask path '${path}' is unknown or immutable.`);
    return reader(body, versions);
  });
  return Object.assign({}, ...changes) as Partial<Mutable>;
}

/** All fields of a new secret. */
export const initial = (body: Json): Mutable =>
  masked(
    Object.keys(READERS)
      .filter((key) => key !== 'ttl')
      .join(','),
    body,
    0,
  ) as Mutable;

export function secretView(secret: Secret, name: string): Json {
  const filled = (key: string, value: object): Json => (Object.keys(value).length === 0 ? {} : { [key]: value });
  return {
    name,
    createTime: stamp(secret.at),
    etag: secret.etag,
    ...filled('replication', secret.replication),
    ...filled('labels', secret.labels),
    ...filled('annotations', secret.annotations),
    ...filled(
      'topics',
      secret.topics.map((topic) => ({ name: topic })),
    ),
    ...filled('versionAliases', Object.fromEntries(Object.entries(secret.aliases).map(([alias, number]) => [alias, String(number)]))),
    ...(secret.rotation === null ? {} : { rotation: secret.rotation }),
    ...(secret.expires === null ? {} : { expireTime: stamp(secret.expires) }),
    ...(secret.versionDestroyTtl === null ? {} : { versionDestroyTtl: secret.versionDestroyTtl }),
  };
}
