import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Host } from 'dcs-sdk';
import { PATIENCE } from './project.ts';
import type { Failed, Project } from './report.ts';

export interface List {
  /** Folders, or files named otherwise than dcs.yaml. */
  readonly places: readonly string[];
  readonly environment?: string;
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

/** Each in a process of its own, so many at once; one project's failure stops no other. In order. */
export async function reconcileAll(host: Host, { places, environment, atOnce, signal }: List): Promise<readonly Project[]> {
  const projects: Project[] = [];
  const left = places.entries();
  const one = async (): Promise<void> => {
    for (const [index, place] of left) projects[index] = await project(resolve(place));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, places.length) }, one));
  return projects;

  async function project(place: string): Promise<Project> {
    let isFolder: boolean;
    try {
      isFolder = statSync(place).isDirectory();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return failed(place, { target: null, code: 'CONFIG', message: `${place} cannot be read (${code}).` });
    }
    const [cwd, config] = isFolder ? [place, []] : [dirname(place), ['--config-file', place]];
    const named = environment === undefined ? [] : ['-e', environment];
    const { exit, document } = await host.dcs(['reconcile', ...named, ...config], { cwd, signal, timeout: 2 * PATIENCE });
    const { projects: [own] = [], error } = (document ?? {}) as { projects?: Project[]; error?: Omit<Failed, 'target'> };
    if (own !== undefined) return own;
    const { code = 'INTERRUPTED', message = `dcs ended with exit code ${exit}.` } = error ?? {};
    return failed(place, { target: null, code, message });
  }
}

const failed = (project: string, why: Failed): Project => ({ project, environments: [], failed: [why] });
