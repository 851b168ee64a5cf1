import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../e2e/world.ts';

const run = promisify(execFile);

/** A clone of this tree as it would be committed now, with its dependencies installed and nothing built; gone when the tests end. */
export async function clone(): Promise<string> {
  await mkdir(join(ROOT, 'tmp'), { recursive: true }); // hard links need one file system
  const folder = await mkdtemp(join(ROOT, 'tmp', 'clone-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, maxBuffer: 1 << 26 });
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(ROOT, file), join(folder, file), { verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error; // deleted, and not yet committed
    });
  }
  await run('cp', ['-al', join(ROOT, 'node_modules'), join(folder, 'node_modules')]);
  return folder;
}

/** What `npm run WORD` of this tree does, from outside. */
export async function script(folder: string, ...words: readonly string[]): Promise<string> {
  const { NODE_V8_COVERAGE: _, ...env } = process.env;
  const path = `${join(folder, 'node_modules', '.bin')}:${env['PATH'] ?? ''}`;
  const { stdout } = await run('npm', ['run', '--silent', ...words], { cwd: folder, env: { ...env, PATH: path }, maxBuffer: 1 << 26 });
  return stdout;
}

let packed: Promise<string> | undefined;

/** The folder `dist` that `npm run pack:npm` makes in a clean clone; once a process. */
export function release(): Promise<string> {
  return (packed ??= (async () => {
    const folder = await clone();
    await script(folder, 'pack:npm');
    return join(folder, 'dist');
  })());
}
