import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError, Secret, type Log, type SourceRead } from 'dcs-sdk';
import { isMissing, readIfThere, removeIfThere, writePrivate } from '../files.ts';

/** One config as Doppler last told it. */
export interface Snapshot {
  readonly read: SourceRead;
  /** When Doppler last said that it still is so, ms since 1970. */
  readonly at: number;
  /** When Doppler last said that the caller has no personal config here, ms since 1970. */
  readonly noPersonalAt?: number;
}

/** What lies on this disk, without opening it. */
export interface Kept {
  readonly identity: string;
  readonly at: number;
  readonly file: string;
}

/**
 * Last-known-good configs for `run` and `env`, one file each, 0600: AES-256-GCM under a key that HKDF-SHA256 makes of the Doppler
 * token, so that a copy of the file is worth nothing without the token. Never a source of a sync.
 */
export interface SnapshotStore {
  /** Undefined when there is none; throws AUTH when there is one that this token does not open, or that was altered. */
  load(identity: string): Promise<Snapshot | undefined>;
  /** Replaces it as a whole. A disk that cannot be written costs the snapshot, not the run. */
  save(snapshot: Snapshot): Promise<void>;
  remove(identity: string): Promise<void>;
}

const VERSION = 1;
interface Sealed {
  readonly version: number;
  readonly identity: string;
  readonly at: number;
  readonly salt: string;
  readonly iv: string;
  readonly tag: string;
  readonly sealed: string;
}
type Entry = readonly [name: string, state: 'value' | 'withheld' | 'unresolved', value?: string];

export function snapshotStore({ cacheDir, token, log }: { cacheDir: string; token: string; log: Log }): SnapshotStore {
  const fileOf = (identity: string): string => join(folderOf(cacheDir), `${digest(identity)}.json`);
  return {
    async load(identity) {
      const text = await readIfThere(fileOf(identity));
      return text === undefined ? undefined : open(text, identity, token);
    },
    async save(snapshot) {
      try {
        await writePrivate(fileOf(snapshot.read.identity), seal(snapshot, token));
      } catch (error) {
        log(`no snapshot kept: ${error instanceof Error ? error.message : 'the disk refused'}`);
      }
    },
    remove: (identity) => removeIfThere(fileOf(identity)),
  };
}

/** Every snapshot of this user, for `dcs cache`. */
export async function keptSnapshots(cacheDir: string): Promise<readonly Kept[]> {
  const folder = folderOf(cacheDir);
  const files = (await listIfThere(folder)).filter((name) => name.endsWith('.json'));
  const all = await Promise.all(files.map(async (name) => keptIn(join(folder, name))));
  return all.toSorted((a, b) => (a.identity < b.identity ? -1 : 1));
}

async function keptIn(file: string): Promise<Kept> {
  const { identity, at } = parse((await readIfThere(file)) ?? '') ?? {};
  return { identity: identity ?? 'damaged', at: at ?? 0, file };
}

const folderOf = (cacheDir: string): string => join(cacheDir, 'snapshots');
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const keyOf = (token: string, salt: Buffer): Buffer => Buffer.from(hkdfSync('sha256', token, salt, `dcs snapshot ${VERSION}`, 32));
/** Which config it is of, and its age, are in the clear and cannot be changed without the token. */
const bound = ({ version, identity, at }: Pick<Sealed, 'version' | 'identity' | 'at'>): Buffer =>
  Buffer.from([identity, version, at].join('|'));

function seal({ read, at, noPersonalAt }: Snapshot, token: string): string {
  const entries = [...read.secrets].map(([name, held]): Entry => {
    if (held.state === 'recorded') throw new Error('A snapshot is of values, not of a record');
    return held.state === 'value' ? [name, held.state, held.secret.reveal()] : [name, held.state];
  });
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const head = { version: VERSION, identity: read.identity, at };
  const cipher = createCipheriv('aes-256-gcm', keyOf(token, salt), iv).setAAD(bound(head));
  const plain = JSON.stringify({ version: read.version, entries, noPersonalAt });
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  const text = (bytes: Buffer): string => bytes.toString('base64');
  return JSON.stringify({ ...head, salt: text(salt), iv: text(iv), tag: text(cipher.getAuthTag()), sealed: text(sealed) });
}

function open(text: string, identity: string, token: string): Snapshot {
  const found = parse(text);
  if (found === undefined || found.version !== VERSION || found.identity !== identity) throw unreadable(identity);
  const bytes = (field: string): Buffer => Buffer.from(field, 'base64');
  try {
    const key = keyOf(token, bytes(found.salt));
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(found.iv), { authTagLength: 16 });
    decipher.setAAD(bound(found)).setAuthTag(bytes(found.tag));
    const plain = Buffer.concat([decipher.update(bytes(found.sealed)), decipher.final()]).toString('utf8');
    const { version, entries, noPersonalAt } = JSON.parse(plain) as { version: string; entries: Entry[]; noPersonalAt?: number };
    const secrets = new Map(
      entries.map(([name, state, value]) => [name, state === 'value' ? { state, secret: new Secret(value ?? '') } : { state }] as const),
    );
    return { read: { identity, version, secrets }, at: found.at, ...(noPersonalAt === undefined ? {} : { noPersonalAt }) };
  } catch (error) {
    // Node's message says nothing a user could act on, and JSON's would quote what was decrypted.
    throw error instanceof Error ? unreadable(identity) : error;
  }
}

function parse(text: string): Sealed | undefined {
  try {
    const found = JSON.parse(text) as Partial<Record<keyof Sealed, unknown>> | null;
    const texts = [found?.identity, found?.salt, found?.iv, found?.tag, found?.sealed];
    return typeof found?.at === 'number' && texts.every((field) => typeof field === 'string') ? (found as unknown as Sealed) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const unreadable = (identity: string): DcsError =>
  new DcsError('AUTH', `The snapshot of ${identity} cannot be opened.`, {
    why: 'It was made with another token, or altered.',
    hint: ['dcs cache clean', 'then once with a network: dcs run -- true'],
  });

async function listIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
