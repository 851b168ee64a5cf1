import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Context, Credential, Env } from 'dcs-sdk';

const WRANGLER_TIMEOUT = 5000;
const OFFICIAL = 'https://api.cloudflare.com';

/** The environment's token, then the one `dcs login` keeps, then wrangler's login. */
export async function findCredential(context: Context): Promise<Credential | undefined> {
  const { env } = context;
  const kept = await context.kept('cloudflare');
  const keptBeaten = kept === undefined ? [] : ['the token kept by dcs login'];
  const fromEnv = env['CLOUDFLARE_API_TOKEN'];
  const from = context.named?.('CLOUDFLARE_API_TOKEN') ?? 'CLOUDFLARE_API_TOKEN';
  if (fromEnv) return { token: fromEnv, from, beats: [...keptBeaten, ...(await wranglerLogin(env))] };
  if (kept !== undefined) return { token: kept, from: 'dcs login cloudflare', beats: await wranglerLogin(env) };
  // A login is Cloudflare's own: it never goes to another host, such as a sandbox.
  if (context.http.origin !== OFFICIAL) return undefined;
  const token = await borrow(context);
  return token === undefined ? undefined : { token, from: 'wrangler login', beats: [] };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Where wrangler keeps its login: only whether there is one, for messages. */
async function wranglerLogin(env: Env): Promise<string[]> {
  const home = env['HOME'] ?? env['USERPROFILE'];
  if (home === undefined) return [];
  const roots = [home, env['XDG_CONFIG_HOME'] ?? join(home, '.config'), join(home, 'Library', 'Preferences')];
  const found = await Promise.all(roots.map((root) => exists(join(root, '.wrangler', 'config', 'default.toml'))));
  return found.includes(true) ? ['wrangler login'] : [];
}

/** On the PATH alone, and there not relative to anything: a repository may bring a program of that name. */
async function findWrangler(env: Env): Promise<string | undefined> {
  for (const place of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const file = join(place, 'wrangler');
    if (await exists(file)) return file;
  }
  return undefined;
}

/** wrangler renews its own login; reading its file would hand out expired tokens. */
async function borrow(context: Context): Promise<string | undefined> {
  const file = await findWrangler(context.env);
  if (file === undefined) return undefined;
  const answer = await run(file, context);
  if (answer === undefined) return undefined;
  const token = parseToken(answer);
  if (token === undefined) context.log('wrangler auth token: no token in its answer');
  return token;
}

function run(file: string, { env, signal, log }: Context): Promise<string | undefined> {
  const few = ['PATH', 'HOME', 'USERPROFILE', 'APPDATA', 'XDG_CONFIG_HOME', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const options = { env: { ...Object.fromEntries(few), CI: '1', WRANGLER_SEND_METRICS: 'false' }, timeout: WRANGLER_TIMEOUT, signal };
  return new Promise((resolve) => {
    execFile(file, ['auth', 'token', '--json'], options, (error, stdout) => {
      // Not signed in, or too old to know the command: the same as no login.
      if (error) log(`wrangler auth token: ${error.killed ? 'no answer within 5 s' : 'not signed in'}`);
      resolve(error ? undefined : stdout);
    });
  });
}

function parseToken(text: string): string | undefined {
  const start = text.indexOf('{');
  if (start === -1) return undefined;
  try {
    const { token } = JSON.parse(text.slice(start)) as { token?: unknown };
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
