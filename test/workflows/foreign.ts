import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Stands for the actions of others: what they leave on the disk. */
export async function foreign(
  uses: string,
  inputs: Readonly<Record<string, string>>,
  workspace: string,
  store: string,
  outputs: Record<string, string>,
): Promise<void> {
  const name = uses.replace(/@.*/, '');
  const within = (path: string): string => (path.startsWith('/') ? path : join(workspace, path));
  switch (name) {
    case 'actions/checkout':
      if (inputs['path'] !== undefined)
        await exec('git', ['clone', '--quiet', '--branch', inputs['ref'] ?? 'main', join(store, 'origin.git'), within(inputs['path'])]);
      return;
    case 'actions/setup-node':
      return;
    case 'actions/cache/restore': {
      const saved = join(store, 'cache', inputs['restore-keys']!);
      if (existsSync(saved)) await cp(saved, within(inputs['path']!), { recursive: true });
      outputs['cache-hit'] = 'false';
      return;
    }
    case 'actions/cache/save': {
      const from = within(inputs['path']!);
      // The newest of a prefix is what a later run restores.
      if (existsSync(from)) await cp(from, join(store, 'cache', inputs['key']!.replace(/\d+-\d+$/, '')), { recursive: true, force: true });
      return;
    }
    case 'actions/upload-artifact': {
      const paths = inputs['path']!.trim().split('\n');
      for (const path of paths) {
        if (!existsSync(within(path))) throw new Error(`upload-artifact: ${path} is not there`);
        await cp(within(path), join(store, 'artifacts', inputs['name']!, paths.length > 1 ? (path.split('/').at(-1) ?? '') : ''), {
          recursive: true,
        });
      }
      return;
    }
    case 'actions/download-artifact': {
      const wanted = inputs['name'] ?? inputs['pattern']!.replace('*', '');
      const found = (await readdir(join(store, 'artifacts'))).filter((one) =>
        inputs['name'] === undefined ? one.startsWith(wanted) : one === wanted,
      );
      if (found.length === 0) throw new Error(`download-artifact: ${wanted} is not there`);
      for (const one of found) await cp(join(store, 'artifacts', one), within(inputs['path']!), { recursive: true });
      return;
    }
    default:
      throw new Error(`the scratch runner has no stand-in for ${uses}`);
  }
}
