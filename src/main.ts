import './original-env.ts'; // first: what follows changes the environment
import { fileURLToPath } from 'node:url';
import { execute } from '@oclif/core/execute';
import { EXIT, provideHost } from 'dcs-sdk';
import { refuseUnsafeProcess } from './unsafe-process.ts';

/** What `bin/run.js` runs once Node is known to be new enough. `root`: the folder of package.json. */
export async function start(root: URL): Promise<void> {
  // oclif 5.1 exits 13 when the reader of a pipe goes away before the end (`dcs help | head -1`).
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
      throw error;
    });
  process.env['OCLIF_DISABLE_ENGINE_WARNING'] ??= '1';
  process.env['OCLIF_DISABLE_LINKED_ESM_WARNING'] ??= '1';
  // A writer does not outlive the dcs that started it, however that ended.
  if (process.channel) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel.unref();
  }
  const words = process.argv.slice(2);
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  if (own.includes('--no-color')) process.env['NO_COLOR'] = '1';
  // Node prefers FORCE_COLOR and prints a warning about it.
  if (process.env['NO_COLOR']) delete process.env['FORCE_COLOR'];
  const refusal = refuseUnsafeProcess(process.env);
  if (refusal !== undefined) {
    process.stderr.write(refusal);
    // These two answer as env(1) does.
    process.exitCode = ['run', 'serve'].includes(words[0] ?? '') ? 125 : EXIT.REFUSED;
    return;
  }
  hushBrokenPlugins();
  provideHost(async (config, invocation) => (await import('./host.ts')).makeHost(config as never, invocation));
  await execute({ dir: fileURLToPath(root), args: words.length === 0 ? ['home'] : words });
}

/** A plugin that oclif cannot load is named by `dcs doctor` and `dcs plugins`, not by every command that does not need it. */
function hushBrokenPlugins(): void {
  const warn = process.emitWarning.bind(process) as (warning: string | Error, ...rest: unknown[]) => void;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!(warning instanceof Error && warning.name.endsWith('Plugin: doppler-cloud-syncs'))) warn(warning, ...rest);
  };
}
