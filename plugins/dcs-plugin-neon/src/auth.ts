import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context, Credential, Env } from 'dcs-sdk';

const OFFICIAL = 'https://console.neon.tech';

/** NEON_API_KEY (the shell's, or the identity's), then the key that `dcs login` keeps, then the login of the neon CLI. */
export async function findCredential(context: Context): Promise<Credential | undefined> {
  const { env } = context;
  const kept = await context.kept('neon');
  const login = await neonLogin(env);
  const beaten = login === undefined ? [] : ['the login of the neon CLI'];
  const fromEnv = env['NEON_API_KEY']?.trim();
  const from = context.named?.('NEON_API_KEY') ?? 'NEON_API_KEY';
  if (fromEnv) return { token: fromEnv, from, beats: [...(kept === undefined ? [] : ['the key kept by dcs login']), ...beaten] };
  if (kept !== undefined) return { token: kept, from: 'dcs login neon', beats: beaten };
  // A login is Neon's own: it never goes to another host, such as a sandbox.
  if (login === undefined || context.http.origin !== OFFICIAL) return undefined;
  if (login.expires !== undefined && login.expires <= Date.now()) {
    context.log('the login of the neon CLI has expired: any neon command renews it');
    return undefined;
  }
  return { token: login.token, from: 'the login of the neon CLI', beats: [] };
}

/** Where the neon CLI keeps its login: https://neon.com/docs/reference/neon-cli (last verified 2026-11-21). */
async function neonLogin(env: Env): Promise<{ readonly token: string; readonly expires?: number } | undefined> {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const folder =
    env['NEON_CONFIG_DIR'] ?? (home === undefined ? undefined : join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'neonctl'));
  if (folder === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(join(folder, 'credentials.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { access_token: token, expires_at: expires } = JSON.parse(text) as Record<string, unknown>;
    if (typeof token !== 'string' || token === '') return undefined;
    return { token, ...(typeof expires === 'number' ? { expires } : {}) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
