import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { readText } from './document.ts';
import { parseOnce } from './parse-once.ts';
import type { UserConfig } from './user-schema.ts';

/** Whose token answers in a directory: the variable that holds it, never the token. */
export interface Identity {
  readonly name: string;
  /** The variable with the Doppler token. */
  readonly variable: string;
}

/** What a person has set for all projects. The team's dcs.yaml beats its defaults. */
export interface UserFile {
  readonly file: string;
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
  const fitting = Object.entries(identities).flatMap(([name, { directory, doppler }]) => {
    const path = directory === undefined ? undefined : expand(directory);
    return path !== undefined && holds(path) ? [{ name, variable: doppler, path }] : [];
  });
  const [longest] = fitting.toSorted((a, b) => b.path.length - a.path.length);
  return longest && { name: longest.name, variable: longest.variable };
}

function byOwner({ identities = {}, identity_mappings: former = {} }: UserConfig, owner: string | undefined): Identity | undefined {
  const same = (other: string | undefined): boolean => owner !== undefined && other?.toLowerCase() === owner.toLowerCase();
  const found = Object.entries(identities).find(([, identity]) => same(identity.owner));
  if (found) return { name: found[0], variable: found[1].doppler };
  const mapped = Object.entries(former).find(([name]) => same(name));
  return mapped && { name: mapped[0], variable: mapped[1] };
}

function expand(directory: string): string | undefined {
  const path = directory === '~' || directory.startsWith('~/') ? join(homedir(), directory.slice(1)) : directory;
  return isAbsolute(path) ? resolve(path) : undefined;
}
