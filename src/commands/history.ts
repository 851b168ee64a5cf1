import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { EXIT } from 'dcs-sdk';
import type { AuditEntry } from '../engine/audit.ts';
import { history } from '../history.ts';
import { duration } from '../run/duration.ts';
import { ago, table } from '../render/style.ts';
import { openSession } from '../session.ts';

export default class History extends DcsCommand {
  static override description = `What was written: when, by whom, to which target, which names. Never a value.

The history is kept where the record is (ledger in dcs.yaml): with ledger: doppler it asks Doppler, else no server. Entries are chained by digests; one that was altered or taken out is named, and the exit code is 6.`;
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
    const since = flags.since === undefined ? 0 : Date.now() - duration(flags.since, '--since');
    const environment = invocation.env === undefined ? undefined : session.choose(true).name;
    const wanted = (entry: AuditEntry): boolean =>
      (args.target === undefined || entry.target === args.target) &&
      (environment === undefined || entry.environment === environment) &&
      new Date(entry.at).getTime() >= since &&
      (flags.name === undefined || Object.values(entry.outcomes).some((names) => names.includes(flags.name!)));
    const found = await history(session, environment === undefined ? [...project.environments.keys()] : [environment]);
    const entries = found.entries.filter(wanted).slice(-flags.limit).toReversed();
    const failures = found.failures.map(({ title, error }) => ({ title, code: error.code, message: error.message }));
    for (const { title, message } of failures) this.logToStderr(`! ${title}: ${message}`);
    const json = { entries, broken: found.broken, failures };
    if (found.failures[0]) process.exitCode = EXIT[found.failures[0].error.code];
    if (found.broken.length > 0) this.#altered(found.broken);
    if (entries.length === 0) return this.out(['Nothing was written that fits.'], json);
    const now = new Date();
    const rows = entries.map(({ at, id, environment: env, target, by, outcomes }) => [
      ago(at, now),
      id,
      env,
      target,
      by,
      told(outcomes, flags.verbose),
    ]);
    return this.out(table([['WHEN', 'SYNC', 'ENV', 'TARGET', 'BY', ''], ...rows]), json);
  }

  /** The entries are shown all the same: what can be read is better than nothing. */
  #altered(broken: readonly string[]): void {
    process.exitCode = EXIT.CONFLICT;
    const which = broken.length === 1 ? `sync ${broken[0]!}` : `syncs ${broken.join(', ')}`;
    this.logToStderr(`! The history before ${which} is not as it was written: an entry was altered or taken out.`);
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
