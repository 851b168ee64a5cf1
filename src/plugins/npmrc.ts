import { join } from 'node:path';
import { DcsError, isLoopback, type Env } from 'dcs-sdk';
import { readIfThere } from '../files.ts';
import { npmEnv } from './npm-env.ts';

/** Where a package comes from, and the header that opens the door. */
export interface RegistryPlace {
  /** Ends in a slash. */
  readonly url: string;
  readonly authorization?: string;
}

const PUBLIC = 'https://registry.npmjs.org/';

/**
 * As npm reads it: https://docs.npmjs.com/cli/v11/configuring-npm/npmrc (last verified 2026-11-21). Of the user's file the registry,
 * those of scopes, and tokens; DCS_NPM_REGISTRY wins.
 */
export async function registryOf(name: string, env: Env, home: string): Promise<RegistryPlace> {
  const file = env['npm_config_userconfig'] ?? env['NPM_CONFIG_USERCONFIG'] ?? join(home, '.npmrc');
  // It may name only variables that npm gets as well.
  const settings = parse((await readIfThere(file)) ?? '', npmEnv(env));
  const scope = name.startsWith('@') ? settings.get(`${name.slice(0, name.indexOf('/'))}:registry`) : undefined;
  const said = scope ?? env['DCS_NPM_REGISTRY'] ?? env['npm_config_registry'] ?? env['NPM_CONFIG_REGISTRY'] ?? settings.get('registry');
  const url = checked(said ?? PUBLIC);
  const authorization = authorizationFor(url, settings);
  return { url: url.href, ...(authorization === undefined ? {} : { authorization }) };
}

export const isPublic = (url: string): boolean => url === PUBLIC;

function parse(text: string, env: Env): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    settings.set(
      key,
      value.replace(/^"(.*)"$/, '$1').replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, variable: string) => env[variable] ?? whole),
    );
  }
  return settings;
}

function checked(text: string): URL {
  if (!URL.canParse(text)) throw new DcsError('CONFIG', 'The npm registry is not a URL.', { hint: 'npm config get registry' });
  const url = new URL(text.endsWith('/') ? text : `${text}/`);
  if (url.username !== '' || url.password !== '')
    throw new DcsError('CONFIG', `The address of the npm registry ${url.host} holds a login.`, {
      why: 'npm would show it to every program of this machine. Nothing was installed.',
      hint: `npm login --registry ${url.protocol}//${url.host}${url.pathname}`,
    });
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return url;
  throw new DcsError('CONFIG', `The npm registry ${url.host} is not encrypted.`, {
    why: 'Whoever stands in between could name other code and another checksum. Nothing was installed.',
    hint: `npm config set registry https://${url.host}/`,
  });
}

/** `//host/path/:_authToken`, the longest path that holds the registry. */
function authorizationFor({ host, pathname }: URL, settings: ReadonlyMap<string, string>): string | undefined {
  for (let path = pathname; ; path = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)) {
    const token = settings.get(`//${host}${path}:_authToken`);
    if (token !== undefined) return `Bearer ${token}`;
    const basic = settings.get(`//${host}${path}:_auth`);
    if (basic !== undefined) return `Basic ${basic}`;
    if (path === '/') return undefined;
  }
}
