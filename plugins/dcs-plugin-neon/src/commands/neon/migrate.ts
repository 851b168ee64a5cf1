import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsError, path } from 'dcs-sdk';
import { BranchCommand, mappedTo, type Scope } from '../../branch-command.ts';
import { optionalText } from '../../api.ts';
import { pickBranch, type Branch } from '../../branches.ts';
import { connectionOf } from '../../connection.ts';
import { createBranch } from '../../create-branch.ts';
import { readMigrations } from '../../migrate/files.ts';
import { adopt, disagreements, migrate, pendingOn, repairLedger, type Ran, type Work } from '../../migrate/migrate.ts';
import { TOOLS, type Tool } from '../../migrate/adopt.ts';
import { consentFlags, sourceFlag } from '../../neon-command.ts';
import { finished } from '../../operations.ts';
import { expiryIn } from '../../times.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const span = (description: string, fallback: string) =>
  Flags.string({ helpValue: fallback, default: fallback, description: `${description}; default ${fallback}` });

export default class Migrate extends BranchCommand {
  static override description = `Run the SQL files that the branch of an environment lacks: in order, each in one transaction, one migrator at a time.

Files are called 0001_name.sql or 20261121103000_name.sql. One that ran is never edited: say the change in a new one. What cannot run in a
transaction (CREATE INDEX CONCURRENTLY) stands in a file of its own that begins with: -- dcs: no-transaction`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e dev',
    { description: 'What would run', command: '<%= config.bin %> <%= command.id %> -e prod --dry-run' },
    {
      description: "First on a copy of production's data, that is deleted then",
      command: '<%= config.bin %> <%= command.id %> -e prod --rehearse',
    },
    { description: 'Take over what another tool ran', command: '<%= config.bin %> <%= command.id %> -e dev --adopt dbmate' },
  ];
  static override flags = {
    dir: Flags.string({ helpValue: 'FOLDER', description: 'default: migrations_dir of the source, else migrations' }),
    to: Flags.string({ helpValue: 'VERSION', description: 'stop after this one' }),
    branch: Flags.string({ helpValue: 'BRANCH', description: 'another branch than that of the environment' }),
    'dry-run': Flags.boolean({ description: 'show what would run' }),
    rehearse: Flags.boolean({ description: 'run on a throw-away branch of the same data first' }),
    promote: Flags.boolean({ description: 'then on the parent of the branch too' }),
    repair: Flags.boolean({
      description: 'make the ledger say what the folder says; runs nothing',
      exclusive: ['rehearse', 'promote', 'adopt'],
    }),
    adopt: Flags.string({
      options: [...TOOLS],
      helpValue: 'TOOL',
      description: 'take over the ledger of another tool; runs nothing',
      exclusive: ['rehearse', 'promote'],
    }),
    wait: span('how long to wait for another migrator', '60s'),
    'lock-timeout': span('how long a statement waits for a lock', '5s'),
    'statement-timeout': span('how long a statement runs', '10m'),
    ...sourceFlag,
    yes: consentFlags.yes,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Migrate);
    const limits = { wait: ms(flags.wait), lock: ms(flags['lock-timeout']), statement: ms(flags['statement-timeout']) };
    const scope = await this.scope(flags.source);
    const { host, neon, options, project, branches, environment } = scope;
    const folder = flags.dir ?? options.migrations_dir ?? 'migrations';
    const files = await readMigrations(resolve(flags.dir === undefined ? host.root : '.', folder), folder);
    const branch = pickBranch(branches, flags.branch ?? options.branch, project);
    const say = (line: string): void => host.output.note(line);
    const work: Work = {
      files,
      limits,
      dcs: this.config.version,
      signal: neon.signal,
      say,
      ...(flags.to === undefined ? {} : { to: flags.to }),
    };
    const connection = await connectionOf(neon.api, project, branch, options);
    const typed = flags.env !== undefined;
    say(`${environment.name} · branch ${branch.name} of ${project} · ${folder}`);
    const told = { project, branch: branch.name, environment: environment.name };

    if (flags.repair) {
      const found = await disagreements(connection, files);
      for (const line of found) say(`~ ${line}`);
      if (found.length === 0) return this.out(['Nothing to repair.'], { ...told, repaired: [] });
      if (!flags['dry-run']) {
        await consent(scope, branch, `Make the ledger of ${branch.name} follow the files?`, typed, flags.yes);
        await repairLedger(connection, work);
      }
      return this.out([flags['dry-run'] ? 'Nothing was written.' : `~ the ledger of ${branch.name} follows the files`], {
        ...told,
        repaired: found,
      });
    }
    if (flags.adopt !== undefined) {
      await consent(scope, branch, `Take over what ${flags.adopt} ran on ${branch.name}?`, typed, flags.yes);
      const taken = await adopt(connection, flags.adopt as Tool, work);
      return this.out([`+ ${taken.length} migrations of ${flags.adopt} are in the ledger`, ...taken.map((file) => `  ${file}`)], {
        ...told,
        adopted: taken,
      });
    }

    const pending = await pendingOn(connection, work);
    for (const { file, transaction } of pending) say(`+ ${file}${transaction ? '' : '  outside of a transaction'}`);
    const planned = pending.map(({ file }) => file);
    if (flags['dry-run']) return this.out(planned.length === 0 ? ['Nothing to do.'] : planned, { ...told, pending: planned });
    if (pending.length === 0 && !flags.promote) return this.out(['Nothing to do: every migration ran.'], { ...told, ran: [] });
    const rehearsed = flags.rehearse ? await rehearse(scope, branch, work) : undefined;
    if (pending.length > 0) await consent(scope, branch, `Run ${planned.length} migrations on ${branch.name}?`, typed, flags.yes);
    const ran = await migrate(connection, work);
    const promoted = flags.promote ? await promote(scope, branch, work, typed, flags.yes) : undefined;
    return this.out([...lines(branch.name, ran), ...(promoted ? lines(promoted.branch, promoted.ran) : [])], {
      ...told,
      ran,
      ...(rehearsed ? { rehearsed } : {}),
      ...(promoted ? { promoted } : {}),
    });
  }
}

const lines = (branch: string, ran: readonly Ran[]): string[] => [
  `✓ ${branch}  ${ran.length === 0 ? 'nothing to do' : `${ran.length} migrations ran`}`,
];

function ms(text: string): number {
  const [, count, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new DcsError('USAGE', `"${text}" is no span of time.`, { hint: '500ms, 30s, 10m; 0s is without end' });
  return Number(count) * UNITS[unit]!;
}

/** What production stands on is migrated by typing its name, or by `-e` of that very environment and `--yes`. */
async function consent(scope: Scope, branch: Branch, question: string, typed: boolean, yes: boolean): Promise<void> {
  const { host, environment } = scope;
  const guarded = environment.protected ? environment.name : await productionOn(scope, branch);
  const agreed =
    guarded === undefined
      ? await host.confirm(question, '--yes')
      : (typed && yes && environment.protected) ||
        (await host.type(`${question} Type ${branch.name}:`, branch.name, `-e ${guarded} --yes, without --promote and --branch`));
  if (!agreed) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
}

/** The protected environment that a branch belongs to; one that Neon protects counts as its own. */
async function productionOn({ host, entry }: Scope, branch: Branch): Promise<string | undefined> {
  const mapped = mappedTo(entry, branch);
  const guarded = (await host.environments()).find(
    (each) => each.protected && (mapped.includes(each.name) || (branch.default && entry.environments.includes(each.name))),
  );
  return guarded?.name ?? (branch.protected ? branch.name : undefined);
}

/** The same files on a branch of the same data, which is gone afterwards: what fails, fails there. */
async function rehearse(
  { host, neon, project, options }: Scope,
  branch: Branch,
  work: Work,
): Promise<{ ran: readonly Ran[]; diff: string | null }> {
  const name = `rehearsal-${new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}`;
  work.say(`+ ${name}  a branch of ${branch.name}, for the rehearsal`);
  const made = await createBranch(neon, project, { name, parent: branch, expires: expiryIn('1h', new Date()) });
  try {
    const connection = await connectionOf(neon.api, project, made.branch, options);
    const ran = await migrate(connection, work);
    const subject = `the schema of branch ${name}`;
    const query = { base_branch_id: branch.id, db_name: connection.database };
    const answer = await neon.api({
      method: 'GET',
      path: path`/projects/${project}/branches/${made.branch.id}/compare_schema`,
      query,
      subject,
    });
    const diff = optionalText(answer, 'diff') ?? null;
    for (const line of diff?.trimEnd().split('\n') ?? []) host.output.note(`  ${line}`);
    return { ran, diff };
  } finally {
    const answer = await neon.api({
      method: 'DELETE',
      path: path`/projects/${project}/branches/${made.branch.id}`,
      subject: `branch ${name}`,
      idempotent: true,
    });
    if (answer['operations'] !== undefined) await finished(neon, project, answer, `branch ${name}`);
    work.say(`- ${name}`);
  }
}

async function promote(
  scope: Scope,
  branch: Branch,
  work: Work,
  typed: boolean,
  yes: boolean,
): Promise<{ branch: string; ran: readonly Ran[] }> {
  const { neon, project, options, branches } = scope;
  const parent = branches.find(({ id }) => id === branch.parent);
  if (parent === undefined) throw new DcsError('USAGE', `${branch.name} has no parent to promote to.`, { hint: 'leave out --promote' });
  const connection = await connectionOf(neon.api, project, parent, options);
  const pending = await pendingOn(connection, work);
  for (const { file } of pending) work.say(`+ ${parent.name}  ${file}`);
  if (pending.length === 0) return { branch: parent.name, ran: [] };
  await consent(scope, parent, `Run ${pending.length} migrations on ${parent.name}?`, typed, yes);
  return { branch: parent.name, ran: await migrate(connection, work) };
}
