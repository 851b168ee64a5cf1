import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { DcsError, Secret, type Env } from 'dcs-sdk';
import { replace } from '../replace.ts';

/** What signs: the key that Doppler has, then the one it had before. */
export type Keys = readonly [Secret, ...Secret[]];

/** Shorter ones are guessed. */
const SHORTEST = 16;

/**
 * The signing keys, from a file of this user (a key a line, the newest first) or from DOPPLER_WEBHOOK_SECRET and, during a rotation,
 * DOPPLER_WEBHOOK_SECRET_PREVIOUS. Throws AUTH where there is none, CONFIG for a file that others may read.
 */
export async function signingKeys(env: Env, file: string | undefined): Promise<Keys> {
  const found =
    file === undefined ? [env['DOPPLER_WEBHOOK_SECRET'], env['DOPPLER_WEBHOOK_SECRET_PREVIOUS']] : ((await readKeys(file)) ?? []);
  const [newest, ...older] = found.filter((key) => key !== undefined && key !== '').map((key) => new Secret(key!));
  if (newest === undefined)
    throw new DcsError('AUTH', 'There is no signing key for the webhook.', {
      why: 'Without one anybody could trigger a sync.',
      hint: [
        'dcs webhook setup URL --key-file FILE     makes one, and gives it to Doppler',
        'DOPPLER_WEBHOOK_SECRET                    what Doppler has as the signing key',
      ],
    });
  if ([newest, ...older].some((key) => key.reveal().length < SHORTEST))
    throw new DcsError('CONFIG', 'The signing key of the webhook is too short.', {
      why: `It has less than ${SHORTEST} characters.`,
      hint: 'openssl rand -hex 32',
    });
  return [newest, ...older];
}

/** How old a key of the file may be, ms. */
export const REREAD = 2000;

/** The same, as they are from now on: a rotation in the file needs no restart. What cannot be read leaves the last good ones. */
export async function watchedKeys(env: Env, file: string | undefined, failed: (error: unknown) => void): Promise<() => Keys> {
  let keys = await signingKeys(env, file);
  const again = async (): Promise<void> => {
    try {
      keys = await signingKeys(env, file);
    } catch (error) {
      failed(error);
    }
  };
  if (file !== undefined) setInterval(() => void again(), REREAD).unref();
  return () => keys;
}

/** The lines of a file that is this user's alone; undefined: there is no such file. */
async function readKeys(file: string): Promise<string[] | undefined> {
  let mode: number;
  let text: string;
  try {
    ({ mode } = await stat(file));
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new DcsError('CONFIG', `${file} cannot be read (${code}).`);
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new DcsError('CONFIG', `${file} may be read by others.`, {
      why: 'It holds the signing key of the webhook.',
      hint: `chmod 600 ${file}`,
    });
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

/** The key in the file, made where there is none; with `rotate` a new one, before all that Doppler may still sign with. */
export async function makeKey(file: string, rotate: boolean): Promise<{ readonly key: Secret; readonly made: boolean }> {
  const known = (await readKeys(file)) ?? [];
  const [newest] = known;
  if (newest !== undefined && !rotate) return { key: new Secret(newest), made: false };
  const key = randomBytes(32).toString('hex');
  await write(file, [key, ...known]);
  return { key: new Secret(key), made: true };
}

/** Once Doppler has the newest: the one before stays valid for what is under way, and no other. */
export async function forgetOlder(file: string): Promise<void> {
  const known = (await readKeys(file)) ?? [];
  if (known.length > 2) await write(file, known.slice(0, 2));
}

async function write(file: string, keys: readonly string[]): Promise<void> {
  try {
    await replace(file, keys.map((key) => `${key}\n`).join(''), 0o600);
  } catch (error) {
    throw new DcsError('CONFIG', `${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`, {
      why: 'The signing key of the webhook belongs there. It is as it was.',
    });
  }
}
