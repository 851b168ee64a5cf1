import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsError, isDcsError } from 'dcs-sdk';
import { createApi } from '../../api.ts';
import { BranchCommand, type Scope } from '../../branch-command.ts';
import { pickBranch, type Branch } from '../../branches.ts';
import { connectionOf } from '../../connection.ts';
import { TOOLS, type Tool } from '../../migrate/adopt.ts';
import { agreeTo } from '../../migrate/consent.ts';
import { inOrder, readMigrations } from '../../migrate/files.ts';
import { nothingToDo, type Plan } from '../../migrate/plan.ts';
import { rehearse } from '../../migrate/rehearse.ts';
import { count, diffLines, planJson, planLines } from '../../migrate/show.ts';
import { look, migrate, type Job, type Stage } from '../../migrate/stage.ts';
import type { Applied } from '../../migrate/run.ts';
import { sourceFlag } from '../../neon-command.ts';
import { neonOf } from '../../operations.ts';
import service from '../../service.ts';

interface Planned extends Stage {
  readonly plan: Plan;
}

const span = (description: string, fallback: string) => Flags.string({ helpValue: fallback, default: fallback, description });

export default class Migrate extends BranchCommand {
  static override description = `Apply the SQL files of a directory to the branch of the environment, each once.

In the order of the numbers their names begin with, one transaction a file, one run at a time; a table of the database, dcs.schema_migrations,
keeps what was applied. A file that was applied and is edited or gone since stops the run.`;
  static override examples = [
    { description: 'What would run', command: '<%= config.bin %> <%= command.id %> -e dev --dry-run' },
    { description: 'First on a copy, showing how the schema changes', command: '<%= config.bin %> <%= command.id %> -e prod --rehearse' },
    { description: 'On the branch of dev, then on its parent', command: '<%= config.bin %> <%= command.id %> -e dev --promote' },
    { description: 'Go on from what dbmate has applied', command: '<%= config.bin %> <%= command.id %> -e dev --adopt dbmate' },
  ];
  static override flags = {
    dir: Flags.string({ helpValue: 'DIRECTORY', description: 'default: migrations_dir of dcs.yaml, else ./migrations beside it' }),
    to: Flags.string({ helpValue: 'NUMBER', description: 'the last migration to apply' }),
    branch: Flags.string({ helpValue: 'BRANCH', description: 'default: the branch of the environment' }),
    rehearse: Flags.boolean({ description: 'first on a throw-away branch of the same data; shows how the schema changes' }),
    promote: Flags.boolean({ description: 'then also on the parent of the branch' }),
    repair: Flags.boolean({
      description: 'record edited and missing files as they are; go on with a file that stopped outside a transaction',
    }),
    adopt: Flags.option({ options: [...TOOLS, 'none'] as const, description: "take over another tool's record" })({ helpValue: 'TOOL' }),
    wait: span('how long to wait for another migration', '60s'),
    'lock-timeout': span('how long a statement waits for a lock', '5s'),
    'statement-timeout': span('how long a statement runs', '10m'),
    'dry-run': Flags.boolean({ description: 'the plan only; with --rehearse, the rehearsal too' }),
    ...sourceFlag,
    yes: Flags.boolean({ char: 'y', description: 'apply without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Migrate);
    const scope = await this.scope(flags.source);
    const { host, neon, environment, options, project, branches, entry } = scope;
    if (flags.branch === undefined && !entry.environments.includes(environment.name))
      throw new DcsError('CONFIG', `sources.${entry.name} has no branch for ${environment.name}.`, {
        hint: [`branch: {${environment.name}: ...}     in dcs.yaml`, '--branch BRANCH'],
      });
    const shown = flags.dir ?? options.migrations_dir ?? 'migrations';
    const directory = resolve(flags.dir === undefined ? host.root : '.', shown);
    const job: Job = {
      files: await readMigrations(directory, shown),
      directory,
      repair: flags.repair,
      ...(flags.to === undefined ? {} : { to: flags.to }),
      ...(flags.adopt === undefined ? {} : { adopt: flags.adopt }),
      patience: milliseconds(flags.wait),
      limits: { lock: milliseconds(flags['lock-timeout']), statement: milliseconds(flags['statement-timeout']) },
      signal: neon.signal,
      by: this.config.version,
      say: (line) => host.output.note(line),
    };
    refuseUnknown(job);
    job.say(`${environment.name} · ${environment.why} · Neon ${project} · ${shown}`);
    const branch = pickBranch(branches, flags.branch ?? options.branch, project);
    const stages: Planned[] = [];
    for (const each of flags.promote ? [branch, parentOf(scope, branch)] : [branch]) {
      const stage = { branch: each, connection: await connectionOf(neon.api, project, each, options) };
      stages.push({ ...stage, plan: await look(job, stage) });
    }
    return this.#act(scope, job, stages, flags);
  }

  async #act(
    scope: Scope,
    job: Job,
    stages: readonly Planned[],
    flags: { readonly rehearse: boolean; readonly 'dry-run': boolean; readonly adopt?: Tool | 'none' | undefined },
  ): Promise<Record<string, unknown>> {
    const { environment, project } = scope;
    const due = stages.filter(({ plan }) => !nothingToDo(plan));
    const lines = stages.flatMap(({ branch, plan }) => planLines(branch, plan, flags.adopt));
    const json = {
      environment: environment.name,
      project,
      dryRun: flags['dry-run'],
      branches: stages.map((each) => planJson(each.branch, each.plan)),
    };
    const acts = due.length > 0 && (flags.rehearse || !flags['dry-run']);
    if (acts) for (const line of lines) job.say(line);
    const differences: Record<string, unknown>[] = [];
    for (const stage of flags.rehearse ? due : []) {
      const difference = await this.#rehearse(scope, job, stage);
      differences.push({ branch: stage.branch.name, difference });
    }
    const rehearsed = flags.rehearse ? { rehearsals: differences } : {};
    if (due.length === 0 || flags['dry-run']) return this.out(acts ? [] : lines, { ...json, ...rehearsed, done: [] });
    await agreeTo(scope, due);
    const done = await apply(job, due);
    return this.out(
      done.map(({ branch, applied }) => `✓ ${branch}  ${count(applied.length, 'migration')} applied`),
      { ...json, ...rehearsed, done },
    );
  }

  async #rehearse({ host, neon, project }: Scope, job: Job, stage: Planned): Promise<string> {
    const context = host.context(service.title, service.endpoint(host.env), new AbortController().signal);
    const after = neonOf(createApi(context), context);
    const difference = await rehearse({ neon, after, project }, job, stage, stage.plan);
    for (const line of diffLines(difference)) job.say(line);
    return difference;
  }
}

interface Done {
  readonly branch: string;
  readonly applied: readonly Applied[];
}

/** One branch after the other: what fails on the first never reaches the second. */
async function apply(job: Job, stages: readonly Planned[]): Promise<Done[]> {
  const done: Done[] = [];
  for (const { plan, ...stage } of stages) {
    const applied: Applied[] = [];
    done.push({ branch: stage.branch.name, applied });
    job.say(stage.branch.name);
    try {
      await migrate(job, stage, plan, applied);
    } catch (error) {
      throw isDcsError(error) ? partly(error, done) : error;
    }
  }
  return done;
}

/** What was applied before stays, and is said. */
function partly(error: DcsError, done: readonly Done[]): DcsError {
  const before = done.flatMap(({ branch, applied }) => applied.map(({ file }) => `${file} on ${branch}`));
  if (before.length === 0) return error;
  const { why, ...details } = error.details;
  return new DcsError(error.code === 'INTERRUPTED' ? 'INTERRUPTED' : 'PARTIAL', error.message, {
    ...details,
    why: `${why === undefined ? '' : `${why} `}Applied before: ${before.join(', ')}.`,
  });
}

function parentOf({ branches }: Scope, { name, parent }: Branch): Branch {
  const found = branches.find(({ id }) => id === parent);
  if (found) return found;
  throw new DcsError('CONFIG', `Branch ${name} has no parent to promote to.`, { why: 'Nothing was written.' });
}

const UNITS: ReadonlyMap<string | undefined, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

function milliseconds(text: string): number {
  const [, count, word] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  const unit = UNITS.get(word);
  if (unit !== undefined) return Number(count) * unit;
  throw new DcsError('USAGE', `${JSON.stringify(text)} is no span of time.`, { hint: '500ms, 30s, 10m' });
}

function refuseUnknown({ files, to }: Job): void {
  if (to === undefined) return;
  if (!/^\d+$/.test(to)) throw new DcsError('USAGE', '--to takes a number.', { hint: '--to 0007' });
  if (files.some(({ version }) => inOrder(version, to) === 0)) return;
  throw new DcsError('USAGE', `There is no migration ${to}.`, { hint: files.at(-1) ? `--to ${files.at(-1)!.version}` : '--dir DIRECTORY' });
}
