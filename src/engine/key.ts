import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { createPrivate, isMissing } from '../files.ts';
import type { LedgerKey, LedgerKeys } from './ledger-types.ts';

const BYTES = 32;
const LEAST_CHARACTERS = 32;

/** This machine's own key of one environment, made on first use. */
export async function ownKey(stateDir: string, environmentId: string): Promise<LedgerKey> {
  return ledgerKey(await machineKey(keyFile(stateDir, environmentId)));
}

/** The same, or undefined where none was made. */
export async function ownKeyIfThere(stateDir: string, environmentId: string): Promise<LedgerKey | undefined> {
  const bytes = await readKey(keyFile(stateDir, environmentId));
  return bytes && ledgerKey(bytes);
}

/** Where this machine keeps its own key of one environment. */
export const keyFile = (stateDir: string, environmentId: string): string =>
  join(stateDir, 'keys', `${encodeURIComponent(environmentId)}.key`);

/** A new secret DCS_LEDGER_KEY. */
export const newSharedKey = (): string => randomBytes(BYTES).toString('base64');

/** The keys in the secret DCS_LEDGER_KEY: one, or the new and the old one separated by white space. */
export function sharedKeys(text: string): LedgerKeys {
  const keys = text.split(/\s+/).filter((each) => each !== '');
  if (keys.length === 0 || keys.length > 2 || keys.some((each) => each.length < LEAST_CHARACTERS))
    throw new DcsError('CONFIG', 'The secret DCS_LEDGER_KEY is not a usable key.', {
      why: `It must be one key of at least ${LEAST_CHARACTERS} characters; while it is rotated, the new and the old one separated by a space.`,
      hint: 'dcs doctor --fix     makes one where there is none',
    });
  const [active, ...older] = keys.map((each) => ledgerKey(Buffer.from(each, 'utf8')));
  return { active: active!, all: [active!, ...older] };
}

/** The first word of each message keeps the purposes apart; JSON keeps the fields apart. */
function ledgerKey(bytes: Buffer): LedgerKey {
  const key = createSecretKey(bytes); // bytes would be made into a key object again for every HMAC: five times slower
  const hmac = (fields: unknown): string => createHmac('sha256', key).update(JSON.stringify(fields)).digest('hex');
  return {
    id: hmac(['id']).slice(0, 8),
    mac: (place, name, value) => hmac(['value', place, name, value]),
    seal: (purpose, fields) => hmac(['seal', purpose, fields]),
  };
}

async function machineKey(file: string): Promise<Buffer> {
  const found = await readKey(file);
  if (found) return found;
  await createPrivate(file, randomBytes(BYTES).toString('hex'));
  const made = await readKey(file);
  if (!made) throw unusable(file, 'it vanished while it was being made');
  return made;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw unusable(file, 'it is not a file');
      if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) throw unusable(file, 'others may read it', `chmod 600 ${file}`);
      const text = await handle.readFile('latin1');
      if (!/^[0-9a-f]{64}$/.test(text)) throw unusable(file, 'it is damaged');
      return Buffer.from(text, 'hex');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM'))
      throw unusable(file, 'it cannot be read');
    throw error;
  }
}

function unusable(
  file: string,
  why: string,
  hint = `restore it from a backup, or move it away: without it every name is asked for again`,
): DcsError {
  return new DcsError('CONFLICT', `The ledger's key ${file} cannot be used: ${why}.`, {
    why: 'No new key was made in its place: all that dcs knows of what it wrote is sealed with this one. Nothing was written.',
    hint,
  });
}
