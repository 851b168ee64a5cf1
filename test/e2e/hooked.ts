import { spawn } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository, type Repository } from './repository.ts';
import { ROOT, type Ran } from './world.ts';

export interface Hooked extends Repository {
  /** A folder with `dcs`, on the PATH of `sh`. */
  readonly bin: string;
  /** A shell line in the project, with `dcs` on the PATH; without blocking, since the sandbox answers from this process. */
  sh(line: string, options?: { cwd?: string; env?: Record<string, string> }): Promise<Ran>;
  /** Every file below a folder: what it is, its mode and its bytes. */
  snapshot(folder?: string): Record<string, string>;
}

/** A repository with a commit on `work` and a second branch, and a `dcs` that hooks find. */
export async function hooked(): Promise<Hooked> {
  const w = await repository();
  const bin = join(w.home, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'dcs'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`, { mode: 0o755 });
  await writeFile(
    join(w.home, '.gitconfig'),
    '[user]\n\tname = a\n\temail = a@b\n[init]\n\tdefaultBranch = work\n[protocol "file"]\n\tallow = always\n',
  );
  w.git('add', '-A');
  w.git('commit', '-qm', 'first');
  w.git('branch', 'other');
  const variables: Record<string, string> = { ...w.env, PATH: `${bin}:${w.env['PATH'] ?? ''}` };
  return {
    ...w,
    bin,
    sh: (line, { cwd = w.project, env = {} } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn('sh', ['-c', line], { cwd, env: { ...variables, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        let err = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
        child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) as Record<string, unknown> }));
      }),
    snapshot: (folder = join(w.project, '.git', 'hooks')) => snapshot(folder),
  };
}

function snapshot(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => !name.endsWith('.sample'));
  return Object.fromEntries(names.toSorted().map((name) => [name, fact(join(folder, name))]));
}

function fact(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  if (stat.isDirectory()) return 'folder';
  return `${(stat.mode & 0o7777).toString(8)} ${stat.mtimeMs} ${readFileSync(path, 'base64')}`;
}

/** A snapshot without the times. */
export const facts = (taken: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(taken).map(([name, text]) => [name, text.replace(/^(\d+) [\d.]+ /, '$1 ')]));

/** A bare repository beside the project, as its `origin`. */
export function origin(w: Hooked): string {
  const bare = join(w.home, 'origin.git');
  execFileSync('git', ['init', '-q', '--bare', bare]);
  w.git('remote', 'add', 'origin', bare);
  return bare;
}
