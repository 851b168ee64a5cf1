import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './world.ts';

const TOOLS = { husky: '9.1.7', lefthook: '2.2.2', 'simple-git-hooks': '2.14.0' };

/**
 * The real keepers of hooks, in a scratch folder: as dependencies of this repository their install scripts would write hooks into it.
 * Returns their node_modules.
 */
export async function hookTools(): Promise<string> {
  const folder = join(ROOT, 'tmp', 'hook-tools');
  const modules = join(folder, 'node_modules');
  if (!Object.keys(TOOLS).every((name) => existsSync(join(modules, name, 'package.json')))) {
    await mkdir(folder, { recursive: true });
    const packages = Object.entries(TOOLS).map(([name, version]) => `${name}@${version}`);
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', folder];
    await promisify(execFile)('npm', ['install', ...flags, ...packages], { cwd: folder });
  }
  return modules;
}
