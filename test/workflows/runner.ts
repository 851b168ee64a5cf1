import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { condition, fill, text, type Contexts, type Value } from './expression.ts';
import { foreign } from './foreign.ts';

const exec = promisify(execFile);

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly with?: Readonly<Record<string, Value>>;
  readonly env?: Readonly<Record<string, Value>>;
  readonly 'working-directory'?: string;
}
interface Job {
  readonly if?: string;
  readonly needs?: string | readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly Value[]>> };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

/** What a step did. `ran`: its script; `used`: an action of others, with what it was given. */
export interface Did {
  readonly job: string;
  readonly step: string;
  readonly ran?: string;
  readonly used?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly output: string;
}

export interface RunnerOptions {
  readonly workflow: string;
  /** What checkout leaves: copied for every job. */
  readonly checkout: string;
  /** A job's own variables of GitHub, by its permissions. */
  readonly jobEnv: (permissions: Readonly<Record<string, string>>) => Promise<Readonly<Record<string, string>>>;
  readonly event: { readonly name: string; readonly payload: Readonly<Record<string, unknown>> };
  /** Of every process: where clouds are, what stands for programs. Nothing of this machine. */
  readonly env: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** The store of caches and artifacts; the same folder again is the next run of the same repository. */
  readonly store: string;
  readonly keep?: (workspace: string) => Promise<void>;
}

/** Runs each `run:` step of a workflow and of the actions in its repository in order, each job on a runner that holds nothing. */
export async function runWorkflow(options: RunnerOptions): Promise<readonly Did[]> {
  const { jobs } = parse(options.workflow) as Workflow;
  const did: Did[] = [];
  const needs: Record<string, { result: string; outputs: Record<string, Value> }> = {};
  const open = new Map(Object.entries(jobs));
  while (open.size > 0) {
    const next = [...open].find(([, job]) => [job.needs ?? []].flat().every((name) => !open.has(name)));
    if (next === undefined) throw new Error('jobs wait for each other');
    const [name, job] = next;
    open.delete(name);
    const before = [job.needs ?? []].flat();
    const failed = before.some((one) => needs[one]?.result !== 'success');
    const contexts = { needs: Object.fromEntries(before.map((one) => [one, needs[one]!])), ...(await githubOf(options, {})) } as Contexts;
    const outputs: Record<string, Value> = {};
    let result = 'skipped';
    if (condition(job.if, { ...contexts, vars: options.vars ?? {} }, { failed })) {
      result = 'success';
      for (const matrix of combinations(job.strategy?.matrix ?? {})) {
        const one = new JobRun(options, name, job, { ...contexts, matrix, needs: contexts['needs'] ?? {} });
        if (!(await one.run(outputs))) result = 'failure';
        did.push(...one.did);
      }
    }
    needs[name] = { result, outputs };
  }
  return did;
}

function combinations(matrix: Readonly<Record<string, readonly Value[]>>): Record<string, Value>[] {
  const { include = [], ...axes } = matrix;
  let rows: Record<string, Value>[] = [{}];
  for (const [axis, values] of Object.entries(axes)) rows = rows.flatMap((row) => values.map((value) => ({ ...row, [axis]: value })));
  return Object.keys(axes).length === 0 && include.length > 0 ? (include as Record<string, Value>[]).map((row) => ({ ...row })) : rows;
}

async function githubOf({ event }: RunnerOptions, env: Readonly<Record<string, string>>): Promise<Contexts> {
  return {
    github: {
      event: event.payload as Value,
      event_name: event.name,
      repository: 'acme/shop',
      token: env['GITHUB_TOKEN'] ?? '',
      run_id: env['GITHUB_RUN_ID'] ?? '0',
      run_attempt: '1',
      ref: env['GITHUB_REF'] ?? 'refs/heads/main',
    },
  };
}

class JobRun {
  readonly did: Did[] = [];
  readonly #status = { failed: false };
  readonly #options: RunnerOptions;
  readonly #name: string;
  readonly #job: Job;
  readonly #contexts: Contexts;
  #base = '';
  #env: Record<string, string> = {};
  #path: string[] = [];

  constructor(options: RunnerOptions, name: string, job: Job, contexts: Contexts) {
    this.#options = options;
    this.#name = name;
    this.#job = job;
    this.#contexts = contexts;
  }

  get #workspace(): string {
    return join(this.#base, 'work');
  }

  async run(outputs: Record<string, Value>): Promise<boolean> {
    const { event, checkout, env, jobEnv } = this.#options;
    this.#base = await mkdtemp(join(tmpdir(), 'dcs-runner-'));
    try {
      for (const folder of ['home', 'temp', 'files']) await mkdir(join(this.#base, folder));
      // A tenth of the time of fs.cp.
      await exec('cp', ['-a', checkout, this.#workspace]);
      await writeFile(join(this.#base, 'files', 'event.json'), JSON.stringify(event.payload));
      this.#env = {
        ...env,
        ...(await jobEnv(this.#job.permissions)),
        HOME: join(this.#base, 'home'),
        RUNNER_TEMP: join(this.#base, 'temp'),
        GITHUB_WORKSPACE: this.#workspace,
        GITHUB_EVENT_PATH: join(this.#base, 'files', 'event.json'),
        GITHUB_EVENT_NAME: event.name,
      };
      const steps: Record<string, Value> = {};
      const github = await githubOf(this.#options, this.#env);
      const own = { ...this.#contexts, ...github, runner: { temp: join(this.#base, 'temp'), os: 'Linux' }, vars: this.#options.vars ?? {} };
      // A token is no variable of every step: only those that name it get it.
      for (const name of ['GITHUB_TOKEN', 'GH_TOKEN']) delete this.#env[name];
      await this.#steps(this.#job.steps, { ...own, secrets: this.#options.secrets ?? {} }, steps, {});
      for (const [name, template] of Object.entries(this.#job.outputs ?? {})) outputs[name] = fill(template, { ...own, steps });
      await this.#options.keep?.(this.#workspace);
      return !this.#status.failed;
    } finally {
      await rm(this.#base, { recursive: true, force: true });
    }
  }

  async #steps(
    list: readonly Step[],
    contexts: Contexts,
    results: Record<string, Value>,
    extra: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const step of list) {
      const here: Contexts = { ...contexts, steps: results, env: this.#env };
      if (!condition(step.if, here, this.#status)) continue;
      const given = Object.fromEntries(
        Object.entries(step.env ?? {}).map(([name, value]) => [name, fill(text(value), here, this.#status)]),
      );
      const inputs = Object.fromEntries(
        Object.entries(step.with ?? {}).map(([name, value]) => [name, fill(text(value), here, this.#status)]),
      );
      const outputs: Record<string, string> = {};
      const code = await this.#one(step, { ...extra, ...given }, inputs, here, outputs);
      if (code !== 0) this.#status.failed = true;
      if (step.id !== undefined) results[step.id] = { outcome: code === 0 ? 'success' : 'failure', outputs };
    }
  }

  async #one(
    step: Step,
    env: Record<string, string>,
    inputs: Record<string, string>,
    contexts: Contexts,
    outputs: Record<string, string>,
  ): Promise<number> {
    const label = step.name ?? step.id ?? step.uses ?? step.run ?? '';
    if (step.run !== undefined) {
      const cwd = join(this.#workspace, fill(step['working-directory'] ?? '.', contexts, this.#status));
      const { code, output } = await this.#script(fill(step.run, contexts, this.#status), step.shell, env, cwd, outputs);
      this.did.push({ job: this.#name, step: label, ran: step.run, code, output });
      return code;
    }
    const uses = step.uses!;
    if (uses.startsWith('./')) return this.#composite(uses, inputs, contexts, env);
    await foreign(uses, inputs, this.#workspace, this.#options.store, outputs);
    this.did.push({ job: this.#name, step: label, used: uses, with: inputs, code: 0, output: '' });
    return 0;
  }

  async #composite(uses: string, given: Record<string, string>, contexts: Contexts, env: Record<string, string>): Promise<number> {
    const { inputs: known, runs } = parse(await readFile(join(this.#workspace, uses, 'action.yml'), 'utf8')) as Action;
    const inputs: Record<string, string> = {};
    for (const [name, { required, default: fallback = '' }] of Object.entries(known)) {
      if (required === true && given[name] === undefined) throw new Error(`${uses}: ${name} is required`);
      inputs[name] = given[name] ?? fill(fallback, { github: contexts['github']! });
    }
    // A composite sees neither secrets nor vars nor the matrix.
    const inner: Contexts = { github: contexts['github']!, runner: contexts['runner']!, inputs };
    const before = this.#status.failed;
    await this.#steps(runs.steps, inner, {}, env);
    return this.#status.failed && !before ? 1 : 0;
  }

  /** As a runner: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell (last verified 2026-11-21) */
  async #script(script: string, shell: string | undefined, env: Record<string, string>, cwd: string, outputs: Record<string, string>) {
    const file = join(this.#base, 'files', 'script.sh');
    await writeFile(file, script);
    const channels = { GITHUB_ENV: 'env', GITHUB_OUTPUT: 'output', GITHUB_PATH: 'path', GITHUB_STEP_SUMMARY: 'summary' };
    const files = Object.fromEntries(Object.entries(channels).map(([name, short]) => [name, join(this.#base, 'files', short)]));
    for (const path of Object.values(files)) await writeFile(path, '');
    const variables = { ...this.#env, ...env, ...files };
    const words = shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail', file] : ['-e', file];
    const result = await run('bash', words, cwd, { ...variables, PATH: [...this.#path, this.#env['PATH']].join(delimiter) });
    const read = (name: keyof typeof channels): Promise<string> => readFile(files[name]!, 'utf8');
    Object.assign(this.#env, pairs(await read('GITHUB_ENV')));
    Object.assign(outputs, pairs(await read('GITHUB_OUTPUT')));
    this.#path.unshift(...(await read('GITHUB_PATH')).split('\n').filter(Boolean));
    return { ...result, output: `${result.output}${await read('GITHUB_STEP_SUMMARY')}` };
  }
}

/** `NAME=value` and `NAME<<END` ... `END`. */
function pairs(lines: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, end, block, line] of lines.matchAll(/^([\w-]+)(?:<<(\S+)\n([^]*?)\n\2|=(.*))$/gm))
    found[name!] = end === undefined ? line! : block!;
  return found;
}

export function run(
  program: string,
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
