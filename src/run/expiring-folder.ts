import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the files with an end are written down. */
export const expiringFolder = (stateDir: string): string => join(stateDir, 'expiring');

/** Most people never use --ttl: they need not load what sees to it. */
export const anyExpiring = (stateDir: string): boolean => existsSync(expiringFolder(stateDir));
