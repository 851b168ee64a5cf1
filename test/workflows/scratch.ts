import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../e2e/world.ts';

const exec = promisify(execFile);

/** What stands on the PATH of a scratch runner, and what it was given. */
export interface Programs {
  readonly env: Readonly<Record<string, string>>;
  /** Every call, a program and its arguments. */
  calls(): Promise<readonly (readonly string[])[]>;
}

/** `names`: programs for which test/workflows/stand-in.mjs stands; all others are this machine's. */
export async function programs(names: readonly string[]): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'dcs-programs-'));
  const log = join(folder, 'log');
  await writeFile(log, '');
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  // Written into each: a program may be started without variables.
  const settings = Object.entries({ STAND_IN_PATH: path, STAND_IN_LOG: log, STAND_IN_ROOT: ROOT }).map(
    ([name, value]) => `export ${name}='${value}'`,
  );
  for (const name of names) {
    const file = join(folder, name);
    const start = `exec "${process.execPath}" "${join(ROOT, 'test/workflows/stand-in.mjs')}" ${name} "$@"`;
    await writeFile(file, ['#!/bin/bash', ...settings, start, ''].join('\n'));
    await chmod(file, 0o755);
  }
  return {
    env: { PATH: [folder, path].join(delimiter), LANG: 'C.UTF-8' },
    calls: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as string[]),
  };
}

const git = (cwd: string, ...words: string[]) => exec('git', ['-C', cwd, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);

/** A scratch clone of this repository as it stands, committed and with an origin that takes pushes. Answers its folder. */
export async function scratchClone(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'dcs-clone-')), 'clone');
  const { stdout } = await exec('git', ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    maxBuffer: 1 << 24,
  });
  for (const file of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    // A file may be deleted and not committed yet.
    await cp(join(ROOT, file), join(folder, file), { verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '-m', 'scratch');
  return folder;
}

/** The repository's branch `updates`, which a release adds to. Answers the repository. */
export async function updatesBranch(store: string): Promise<string> {
  const origin = join(store, 'origin.git');
  const checkout = join(store, 'first');
  await exec('git', ['init', '--quiet', '--bare', '--initial-branch=updates', origin]);
  await exec('git', ['clone', '--quiet', origin, checkout]);
  for (const folder of ['channels', 'versions', 'parts']) {
    await mkdir(join(checkout, folder));
    await writeFile(join(checkout, folder, '.keep'), '');
  }
  await git(checkout, 'checkout', '--quiet', '-B', 'updates');
  await git(checkout, 'add', '--all');
  await git(checkout, 'commit', '--quiet', '-m', 'start');
  await git(checkout, 'push', '--quiet', 'origin', 'updates');
  return origin;
}
