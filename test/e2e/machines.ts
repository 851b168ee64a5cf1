import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ran, World } from './world.ts';

/** What every machine of a team has: the environment's key at Doppler. */
export const SHARED_KEY = 'a-key-of-more-than-thirty-two-characters';

export interface Machine {
  readonly home: string;
  readonly project: string;
  dcs(args: readonly string[], options?: { env?: Record<string, string | undefined>; input?: string; killAfter?: number }): Promise<Ran>;
}

/** Another machine with an empty HOME and its own clone of the project. */
export async function secondMachine(w: World): Promise<Machine> {
  const base = await mkdtemp(join(tmpdir(), 'dcs-e2e-2-'));
  const home = join(base, 'home');
  const project = join(base, 'clone');
  await mkdir(home);
  await cp(w.project, project, { recursive: true });
  const { linkPlugins } = (await import('../../scripts/link.mjs' as string)) as { linkPlugins: (home: string) => string };
  linkPlugins(join(home, 'data'));
  const own = {
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
  };
  return { home, project, dcs: (args, options = {}) => w.dcs(args, { ...options, cwd: project, env: { ...own, ...options.env } }) };
}
