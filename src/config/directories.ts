import { isAbsolute, join } from 'node:path';
import type { Env } from 'dcs-sdk';

/** Where dcs keeps what is its own: https://specifications.freedesktop.org/basedir-spec, which says to ignore relative paths. */
export interface Directories {
  readonly configDir: string;
  readonly dataDir: string;
  readonly stateDir: string;
  readonly cacheDir: string;
}

export function directories(env: Env, home: string): Directories {
  const folder = (kind: string, otherwise: string): string => {
    const set = env[`XDG_${kind}_HOME`];
    return join(set !== undefined && isAbsolute(set) ? set : join(home, otherwise), 'dcs');
  };
  return {
    configDir: folder('CONFIG', '.config'),
    dataDir: folder('DATA', '.local/share'),
    stateDir: folder('STATE', '.local/state'),
    cacheDir: folder('CACHE', '.cache'),
  };
}
