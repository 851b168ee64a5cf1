import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DcsError, type Log } from 'dcs-sdk';
import { createPrivate, isMissing, readIfThere, writePrivate } from '../files.ts';
import type { KeyringItem, OpenKeyring } from './keyring.ts';

export interface StoreOptions {
  /** `~/.config/dcs` */
  readonly config: string;
  /** `~/.local/state/dcs` */
  readonly state: string;
  readonly keyring: OpenKeyring;
  readonly log: Log;
}

/**
 * The tokens `dcs login` keeps: in the OS keyring, and where there is none in a file.
 *
 * The file is AES-256-GCM under a random key of its own that lies in the state directory, both mode 0600. That protects a copy of
 * one directory without the other (dotfiles in git, a synced or backed-up config directory) and against a file swapped or edited.
 * It does not protect against whoever can read this user's files: such a reader has the key too.
 */
export interface Kept {
  readonly service: string;
  /** The API it is for: a token that was kept for one host is never given to another. */
  readonly endpoint: string;
}

export interface CredentialStore {
  /** Answers where it went, for people. */
  keep(kept: Kept, token: string): Promise<'OS keyring' | 'encrypted file'>;
  kept(kept: Kept): Promise<string | undefined>;
  /** False when nothing was kept. */
  forget(kept: Kept): Promise<boolean>;
}

export function credentialStore({ config, state, keyring, log }: StoreOptions): CredentialStore {
  const keyFile = join(state, 'credentials.key');
  const fileOf = (account: string): string => join(config, 'credentials', `${account.replaceAll(':', '_')}.json`);
  return {
    async keep(kept, token) {
      const account = accountOf(kept);
      const file = fileOf(account);
      if (await keepInKeyring(await keyring('dcs', account), token, log)) {
        await removed(file);
        return 'OS keyring';
      }
      await writePrivate(file, seal(await keyOf(keyFile, true), account, token));
      return 'encrypted file';
    },
    async kept(kept) {
      const account = accountOf(kept);
      const sealed = await readIfThere(fileOf(account));
      if (sealed !== undefined) return unseal(await keyOf(keyFile, false), kept.service, account, sealed);
      return readKeyring(await keyring('dcs', account), log);
    },
    async forget(kept) {
      const account = accountOf(kept);
      const file = await removed(fileOf(account));
      const item = await keyring('dcs', account);
      // Where reading fails there is no keyring to keep it in; where it works, a failing delete must be told.
      const there = (await readKeyring(item, log)) !== undefined;
      return (there && (await item?.delete()) === true) || file;
    },
  };
}

/** `doppler@api.doppler.com` */
function accountOf({ service, endpoint }: Kept): string {
  if (!/^[a-z0-9-]+$/.test(service)) throw new Error(`no name of a service: ${service}`);
  return `${service}@${new URL(endpoint).host}`;
}

async function keepInKeyring(item: KeyringItem | undefined, token: string, log: Log): Promise<boolean> {
  if (item === undefined) return false;
  try {
    await item.set(token);
    return (await item.get()) === token;
  } catch (error) {
    log(`OS keyring not usable: ${error instanceof Error ? error.name : 'error'}`);
    return false;
  }
}

async function readKeyring(item: KeyringItem | undefined, log: Log): Promise<string | undefined> {
  try {
    return await item?.get();
  } catch (error) {
    log(`OS keyring not readable: ${error instanceof Error ? error.name : 'error'}`);
    return undefined;
  }
}

function seal(key: Buffer, account: string, token: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(account));
  const sealed = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return JSON.stringify({
    version: 1,
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    sealed: sealed.toString('base64'),
  });
}

function unseal(key: Buffer, service: string, account: string, text: string): string {
  try {
    const { iv, tag, sealed } = JSON.parse(text) as Record<'iv' | 'tag' | 'sealed', string>;
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(account)).setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()]).toString('utf8');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw unreadable(service);
  }
}

const unreadable = (service: string): DcsError =>
  new DcsError('AUTH', `The kept token for ${service} cannot be read.`, {
    why: 'Its file is damaged or came from another machine.',
    hint: `dcs logout ${service}, then dcs login ${service}`,
  });

/** Two logins at once agree on the key of the first. */
async function keyOf(file: string, create: boolean): Promise<Buffer> {
  if (create && (await readIfThere(file)) === undefined) await createPrivate(file, randomBytes(32).toString('base64'));
  const key = Buffer.from((await readIfThere(file)) ?? '', 'base64');
  if (key.length !== 32)
    throw new DcsError('AUTH', 'The key of the kept tokens is missing or damaged.', {
      why: file,
      hint: `rm ${file}, then dcs login again`,
    });
  return key;
}

async function removed(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
