import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { auditLog, type AuditEntry } from '../engine/audit.ts';
import { duration } from '../run/duration.ts';
import { ago, table } from '../render/style.ts';
import { openSession } from '../session.ts';

export default class History extends DcsCommand {
  static override description =
    'What was written from this machine: when, by whom, to which target, which names. Never a value. Asks no server.';
  static override examples = [
    '<%= config.bin %> history',
    '<%= config.bin %> history api --since 7d',
    '<%= config.bin %> history --name STRIPE_KEY -e prod --json',
  ];
  static override args = { target: Args.string({ description: 'a target, as it was called then' }) };
  static override flags = {
    since: Flags.string({ helpValue: 'TIME', description: 'not older than this (12h, 7d)' }),
    name: Flags.string({ helpValue: 'NAME', description: 'syncs that touched this name (as it is called at the target)' }),
    limit: Flags.integer({ min: 1, default: 20, description: 'the newest so many' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(History);
    const session = await openSession(this.config, this.invocation());
    const { project, invocation } = session;
    const log = auditLog({ stateDir: session.directories.stateDir, project: project.doppler.project });
    const since = flags.since === undefined ? 0 : Date.now() - duration(flags.since, '--since');
    const environment = invocation.env === undefined ? undefined : session.choose(true).name;
    const wanted = (entry: AuditEntry): boolean =>
      (args.target === undefined || entry.target === args.target) &&
      (environment === undefined || entry.environment === environment) &&
      new Date(entry.at).getTime() >= since &&
      (flags.name === undefined || Object.values(entry.outcomes).some((names) => names.includes(flags.name!)));
    const entries = (await log.all()).filter(wanted).slice(-flags.limit).toReversed();
    if (entries.length === 0) return this.out(['Nothing was written from this machine that fits.'], { entries });
    const now = new Date();
    const rows = entries.map(({ at, id, environment: env, target, by, outcomes }) => [
      ago(at, now),
      id,
      env,
      target,
      by,
      told(outcomes, flags.verbose),
    ]);
    return this.out(table([['WHEN', 'SYNC', 'ENV', 'TARGET', 'BY', ''], ...rows]), { entries });
  }
}

const FEW = 4;

/** `2 done: A, B; 1 failed: C` */
function told(outcomes: AuditEntry['outcomes'], verbose: boolean): string {
  return Object.entries(outcomes)
    .map(([result, names]) => {
      const shown = verbose || names.length <= FEW ? names : [...names.slice(0, FEW), `and ${names.length - FEW} more`];
      return `${names.length} ${result}: ${shown.join(', ')}`;
    })
    .join('; ');
}
