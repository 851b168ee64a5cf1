import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { readText } from './document.ts';
import { parseOnce } from './parse-once.ts';
import type { UserConfig } from './user-schema.ts';

/** Who one is in a directory: the variables that hold the credentials, never those. */
export interface Identity {
  readonly name: string;
  /** The variable with the Doppler token. */
  readonly doppler?: string;
  /** `cloudflare`, `neon`, `google`. */
  readonly services: ReadonlyMap<string, ServiceIdentity>;
}

export interface ServiceIdentity {
  /** The variable that holds the credential, or the path of its file. */
  readonly credential?: string | undefined;
  /** Account, organisation or project, where dcs.yaml names none. */
  readonly account?: string | undefined;
}

/** What a person has set for all projects. The team's dcs.yaml beats its defaults. */
export interface UserFile {
  readonly file: string;
  /** Full names, `name@version`, or checksums of plugins that are installed without a question. */
  readonly plugins: { readonly allow: readonly string[] };
  readonly defaults: { readonly strict?: boolean; readonly dopplerProjectPrefix?: string };
  /** Keys of the first version that nothing reads any more, one sentence each. */
  readonly notices: readonly string[];
  /** The identity for a directory: the longest directory that holds it, else the one of the owner of its git origin. */
  identityFor(cwd: string, owner: string | undefined): Identity | undefined;
}

/** `~/.config/dcs/config.yaml`; an empty one where there is none. Errors name file, line and column. */
export async function loadUserFile(configDir: string, cacheDir: string): Promise<UserFile> {
  const file = join(configDir, 'config.yaml');
  const text = await readText(file, file);
  const config = text === undefined || text.trim() === '' ? {} : (await parseUser(text, file, cacheDir)).value;
  const prefix = config.defaults?.doppler_project_prefix;
  const strict = config.defaults?.strict;
  return {
    file,
    plugins: { allow: config.plugins?.allow ?? [] },
    defaults: { ...(strict === undefined ? {} : { strict }), ...(prefix === undefined ? {} : { dopplerProjectPrefix: prefix }) },
    notices: config.templates_dir === undefined ? [] : [`${file}: templates_dir: is read by nothing; dcs init takes no template.`],
    identityFor: (cwd, owner) => byDirectory(config, cwd) ?? byOwner(config, owner),
  };
}

async function parseUser(text: string, file: string, cacheDir: string): Promise<{ readonly value: UserConfig }> {
  return parseOnce(text, file, cacheDir, async () => (await import('./user-schema.ts')).userSchema);
}

function byDirectory({ identities = {} }: UserConfig, cwd: string): Identity | undefined {
  const holds = (directory: string): boolean => `${resolve(cwd)}${sep}`.startsWith(`${directory}${sep}`);
  const fitting = Object.entries(identities).flatMap(([name, identity]) => {
    const path = identity.directory === undefined ? undefined : expand(identity.directory);
    return path !== undefined && holds(path) ? [{ name, identity, path }] : [];
  });
  const [longest] = fitting.toSorted((a, b) => b.path.length - a.path.length);
  return longest && identityOf(longest.name, longest.identity);
}

function byOwner({ identities = {}, identity_mappings: former = {} }: UserConfig, owner: string | undefined): Identity | undefined {
  const same = (other: string | undefined): boolean => owner !== undefined && other?.toLowerCase() === owner.toLowerCase();
  const found = Object.entries(identities).find(([, identity]) => same(identity.owner));
  if (found) return identityOf(...found);
  const mapped = Object.entries(former).find(([name]) => same(name));
  return mapped && { name: mapped[0], doppler: mapped[1], services: new Map() };
}

type Said = NonNullable<UserConfig['identities']>[string];

function identityOf(name: string, { doppler, cloudflare, neon, google }: Said): Identity {
  const services: [string, ServiceIdentity | undefined][] = [
    ['cloudflare', cloudflare && { credential: cloudflare.token, account: cloudflare.account }],
    ['neon', neon && { credential: neon.token, account: neon.org }],
    ['google', google && { credential: google.credentials, account: google.project }],
  ];
  const said = services.filter((each): each is [string, ServiceIdentity] => each[1] !== undefined);
  return { name, services: new Map(said), ...(doppler === undefined ? {} : { doppler }) };
}

function expand(directory: string): string | undefined {
  const path = directory === '~' || directory.startsWith('~/') ? join(homedir(), directory.slice(1)) : directory;
  return isAbsolute(path) ? resolve(path) : undefined;
}
