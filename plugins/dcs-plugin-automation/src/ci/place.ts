import { appendFile, readFile } from 'node:fs/promises';
import { DcsError, type Env, type Log } from 'dcs-sdk';
import { githubEvent, gitlabEvent, type CiEvent } from './event.ts';
import type { Forge } from './forge.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';

/** The CI system that this process runs in. */
export interface Place {
  readonly event: CiEvent;
  /** Opened only when there is something to say: a job without a token may still plan and sync. */
  forge(): Forge;
  /** The page of the run, where it has one. */
  summary(markdown: string): Promise<void>;
}

export async function placeOf(env: Env, log: Log): Promise<Place> {
  if (env['GITHUB_ACTIONS'] === 'true') {
    const file = env['GITHUB_STEP_SUMMARY'];
    return {
      event: githubEvent(env, await payload(env)),
      forge: () => github(env, log),
      summary: async (markdown) => {
        if (file) await appendFile(file, `${markdown}\n`);
      },
    };
  }
  if (env['GITLAB_CI'] === 'true') return { event: gitlabEvent(env), forge: () => gitlab(env, log), summary: async () => undefined };
  throw new DcsError('USAGE', 'dcs ci run works in GitHub Actions and GitLab CI only.', {
    hint: ['dcs diff, dcs sync, dcs status     by hand, and in other systems', 'dcs ci init github|gitlab'],
  });
}

async function payload({ GITHUB_EVENT_PATH: file }: Env): Promise<unknown> {
  if (!file) throw new DcsError('CONFIG', 'GitHub does not say what happened: GITHUB_EVENT_PATH is not set.');
  return JSON.parse(await readFile(file, 'utf8'));
}
