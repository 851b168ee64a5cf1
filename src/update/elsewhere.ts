import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { DcsError } from 'dcs-sdk';
import type { Channel } from './manifest.ts';

/** What updates a dcs that is no standalone build: REFUSED with the command to type. */
export function broughtByOthers(packageRoot: string, channel: Channel | undefined, version: string | undefined): DcsError {
  const [by, hint] = whoBrought(packageRoot, version ?? (channel === 'beta' ? 'beta' : 'latest'));
  return new DcsError('REFUSED', `This dcs came by ${by}, which also updates it.`, {
    why: 'Only the standalone build updates itself. Nothing was changed.',
    hint,
  });
}

function whoBrought(packageRoot: string, version: string): readonly [by: string, hint: string] {
  if (packageRoot.split(sep).includes('Cellar')) return ['Homebrew', 'brew upgrade dcs'];
  if (existsSync(join(packageRoot, '.git'))) return ['git', 'git pull && npm ci && npm run build'];
  return ['npm', `npm install -g doppler-cloud-syncs@${version}`];
}
