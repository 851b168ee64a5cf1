import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, type Ran, type World } from '../e2e/world.ts';

const exec = promisify(execFile);

export const YAML = `doppler: shop
ledger: machine
targets:
  api:
    type: cloudflare
    account_id: ${SEED.cloudflare.accountId}
    worker: {staging: shop-api-staging}
    include: [DATABASE_URL, JWT_SECRET]
triggers: [{type: ci, environment: staging}]
`;

export interface Told {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly user: { readonly login: string };
}

/** A repository at the sandbox's GitHub with dcs.yaml on main, and runs of its jobs on runners that hold nothing. */
export interface Project extends World {
  git(...words: string[]): Promise<string>;
  /** What checkout leaves of a pull request: the merge of the change into its base. Answers its number. */
  pull(files: Readonly<Record<string, string>>, options?: { fork?: boolean }): Promise<number>;
  /** The variables of a job, its files among them. */
  job(
    event: string,
    payload: Readonly<Record<string, unknown>>,
    permissions?: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>>;
  /** Runs `dcs ci run -e staging` in a job. `home`: what an earlier run left. */
  ci(job: Record<string, string>, ...words: string[]): Promise<Ran>;
  comments(pull: number): Promise<readonly Told[]>;
  issues(): Promise<readonly Told[]>;
  summary(job: Record<string, string>): Promise<string>;
  /** Requests that change something, at the clouds and at GitHub. */
  writes(): Promise<readonly string[]>;
}

export const project = async (yaml = YAML): Promise<Project> => projectOf(await world(), yaml);

/** The same of a world that is there. */
export async function projectOf(w: World, yaml = YAML): Promise<Project> {
  const git = async (...words: string[]): Promise<string> =>
    (await exec('git', ['-C', w.project, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words])).stdout.trim();
  await rm(join(w.project, '.git'), { recursive: true });
  await exec('git', ['init', '--quiet', '--initial-branch=main', w.project]);
  await w.yaml(yaml);
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'one');
  const github = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${w.origin}/github/repos/acme/shop${path}`, { headers: { authorization: `Bearer ${SEED.github.token}` } });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return (await answer.json()) as T;
  };
  return {
    ...w,
    git,
    async pull(files, { fork = false } = {}) {
      await git('checkout', '--quiet', '-B', 'change', 'main');
      for (const [name, text] of Object.entries(files)) {
        await mkdir(join(w.project, name, '..'), { recursive: true });
        await writeFile(join(w.project, name), text);
      }
      await git('add', '-A');
      await git('commit', '--quiet', '--allow-empty', '-m', 'change');
      await git('checkout', '--quiet', '--detach', 'main');
      await git('merge', '--quiet', '--no-ff', '-m', 'merge', 'change');
      return ((await w.post('/_sandbox/github/pulls', { repository: 'acme/shop', head: 'change', fork })) as { number: number }).number;
    },
    async job(event, payload, permissions = {}) {
      const { env } = (await w.post('/_sandbox/github/runs', { repository: 'acme/shop', event, permissions })) as {
        env: Record<string, string>;
      };
      const temp = await mkdtemp(join(w.home, '..', 'runner-'));
      const file = join(temp, 'event.json');
      await writeFile(file, JSON.stringify({ repository: { full_name: 'acme/shop', private: true, visibility: 'private' }, ...payload }));
      const summary = join(temp, 'summary.md');
      await writeFile(summary, '');
      return { ...env, GITHUB_EVENT_PATH: file, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temp, XDG_STATE_HOME: join(temp, 'state') };
    },
    ci: (job, ...words) => w.dcs(['ci', 'run', '-e', 'staging', ...words], { env: job }),
    comments: (pull) => github(`/issues/${pull}/comments`),
    issues: async () =>
      (await github<readonly (Told & { pull_request?: unknown })[]>('/issues?state=all')).filter((issue) => !issue.pull_request),
    summary: (job) => readFile(job['GITHUB_STEP_SUMMARY']!, 'utf8'),
    async writes() {
      return (await w.journal())
        .filter(({ method, path, status }) => method !== 'GET' && status < 300 && !/\/auth\/|oidc|\/token/.test(path))
        .map(({ cloud, method, path }) => `${cloud} ${method} ${path}`);
    },
  };
}

export const PULL = { 'pull-requests': 'write', 'id-token': 'write' };

/** GitHub's payload of a pull request. */
export const pullEvent = (number: number, more: { readonly from?: string; readonly title?: string; readonly isPublic?: boolean } = {}) => ({
  number,
  pull_request: { number, title: more.title ?? 'Change', head: { ref: 'change', repo: { full_name: more.from ?? 'acme/shop' } } },
  ...(more.isPublic ? { repository: { full_name: 'acme/shop', private: false, visibility: 'public' } } : {}),
});
