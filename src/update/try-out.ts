import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DcsError } from 'dcs-sdk';
import type { Install } from './install-folder.ts';

const TIMEOUT_MS = 60_000;

/** Starts the version: it says who it is, and its help shows that everything it is made of loads. REFUSED otherwise. */
export async function tryOut(folder: string, version: string, { platform }: Install, work: string): Promise<void> {
  const said = await start(folder, ['--version'], work);
  if (!said?.startsWith(`doppler-cloud-syncs/${version} ${platform} node-v`)) refuse(version, '--version', said === undefined);
  if ((await start(folder, ['help'], work)) === undefined) refuse(version, 'help', true);
}

/** Its output; undefined where it failed. It gets an empty home: neither a plugin nor a setting decides whether dcs is whole. */
function start(folder: string, words: readonly string[], home: string): Promise<string | undefined> {
  const node = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
  const env = { HOME: home, USERPROFILE: home, LOCALAPPDATA: home, PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'] };
  return new Promise((resolve) => {
    execFile(node, [join(folder, 'bin', 'run.js'), ...words], { env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, out) =>
      resolve(error ? undefined : out),
    );
  });
}

function refuse(version: string, words: string, failed: boolean): never {
  throw new DcsError('REFUSED', `dcs ${version} does not work on this machine.`, {
    why: `dcs ${words} of it ${failed ? 'failed' : 'says that it is something else'}. The version in use is as it was.`,
    hint: 'wait for the next version',
  });
}
