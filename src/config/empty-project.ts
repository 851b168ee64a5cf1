import { DcsError } from 'dcs-sdk';
import { repositoryRoot } from './git.ts';
import type { Project } from './project.ts';

/** Where there is no dcs.yaml: for the commands that work without one. */
export function emptyProject(cwd: string): Project {
  return {
    root: repositoryRoot(cwd) ?? cwd,
    name: '',
    files: [],
    doppler: {
      get project(): string {
        throw new DcsError('CONFIG', 'There is no dcs.yaml here or above.', { hint: 'dcs init' });
      },
      configs: new Map(),
    },
    environments: new Map(),
    targets: new Map(),
    secretRules: new Map(),
    triggers: [],
    credentials: undefined,
    notifications: undefined,
    defaults: {},
    sources: new Map(),
    notices: [],
    ledger: () => 'machine',
    at: () => 'dcs.yaml',
    written: () => undefined,
  };
}
