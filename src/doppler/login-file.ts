import { realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { parse } from 'yaml';
import { readIfThere } from '../files.ts';
import { DOPPLER_API } from './endpoint.ts';

/** Where the Doppler CLI keeps its login, and from where it is looked at. */
export interface LoginPlace {
  readonly env: Env;
  readonly home: string;
  readonly cwd: string;
}

/** What the Doppler CLI's file says for one directory; each option from the longest scope that has it. */
export interface LoginFile {
  readonly file: string;
  /** The token itself, or `secret-<uuid>`: its account in the OS keyring. */
  readonly token?: string;
  readonly project?: string;
  readonly config?: string;
  /** The API that the token is for. */
  readonly host: string;
  readonly warnings: readonly string[];
}

export function loginFilePath({ env, home }: Pick<LoginPlace, 'env' | 'home'>): string {
  return join(env['DOPPLER_CONFIG_DIR'] || join(home, '.doppler'), '.doppler.yaml');
}

/** Reads the Doppler CLI's own file, never writes it. Undefined when there is none. */
export async function readLoginFile(place: LoginPlace): Promise<LoginFile | undefined> {
  const file = loginFilePath(place);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const scopes = await scopesFor(scoped(text, file), place.cwd);
  const option = (name: string): string | undefined => scopes.map((options) => options.get(name)).findLast((value) => value !== undefined);
  const [token, project, config] = [option('token'), option('enclave.project'), option('enclave.config')];
  const host = option('api-host') ?? DOPPLER_API;
  return {
    file,
    ...(token === undefined ? {} : { token }),
    ...(project === undefined ? {} : { project }),
    ...(config === undefined ? {} : { config }),
    host,
    warnings: await wideMode(file),
  };
}

/** The project and config that `doppler setup` chose for this directory. */
export async function dopplerSetup(
  place: LoginPlace,
): Promise<{ readonly project?: string; readonly config?: string; readonly from: string } | undefined> {
  const found = await readLoginFile(place);
  if (found === undefined || (found.project === undefined && found.config === undefined)) return undefined;
  const { project, config } = found;
  return { ...(project === undefined ? {} : { project }), ...(config === undefined ? {} : { config }), from: 'doppler setup' };
}

type Scopes = ReadonlyMap<string, ReadonlyMap<string, string>>;

function scoped(text: string, file: string): Scopes {
  const broken = (): DcsError =>
    new DcsError('CONFIG', "The Doppler CLI's login file cannot be read.", {
      why: `${file} is not the YAML it should be.`,
      hint: 'doppler login',
    });
  // As a Map: a directory may be called like a property of objects.
  let root: unknown;
  try {
    root = parse(text, { mapAsMap: true });
  } catch (error) {
    // The parser's message quotes the file, which holds the token.
    throw error instanceof Error ? broken() : error;
  }
  if (root === null) return new Map();
  const scopes: unknown = root instanceof Map ? (root.get('scoped') ?? new Map()) : undefined;
  if (!(scopes instanceof Map)) throw broken();
  return new Map([...scopes].map(([scope, options]) => [String(scope), optionsOf(options)]));
}

function optionsOf(options: unknown): ReadonlyMap<string, string> {
  if (!(options instanceof Map)) return new Map();
  const texts = [...options].filter(
    (pair): pair is [string, string] => typeof pair[0] === 'string' && typeof pair[1] === 'string' && pair[1] !== '',
  );
  return new Map(texts);
}

/** The scopes that hold the directory, the longest last. */
async function scopesFor(scopes: Scopes, cwd: string): Promise<ReadonlyMap<string, string>[]> {
  const directories = new Set([resolve(cwd), await realpath(cwd)]);
  const holds = (scope: string): boolean =>
    [...directories].some((directory) => `${directory}${sep}`.startsWith(scope.endsWith(sep) ? scope : `${scope}${sep}`));
  return [...scopes]
    .map(([scope, options]) => [scope === '*' ? '/' : scope, options] as const)
    .filter(([scope]) => scope === '/' || holds(scope))
    .toSorted(([a], [b]) => a.length - b.length)
    .map(([, options]) => options);
}

async function wideMode(file: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const { mode } = await stat(file);
  return (mode & 0o077) === 0 ? [] : [`${file} is readable by others: chmod 600 ${file}`];
}
