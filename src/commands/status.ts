import { setTimeout as wait } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { DcsCommand, targetArgs } from 'dcs-sdk/command';
import { DcsError } from 'dcs-sdk';
import { styleFor } from '../render/style.ts';
import { openSession, projectTitle, type Session } from '../session.ts';
import { statusExit, statusJson, statusLines, statusRows } from '../status.ts';

export default class Status extends DcsCommand {
  static override description = 'Is every target what Doppler says? Every environment you may read; -e narrows. Writes nothing.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status api -e prod --exit-code',
    '<%= config.bin %> status --watch',
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = {
    'exit-code': Flags.boolean({ description: '0 fine, 2 drifted, 1 anything wrong' }),
    strict: Flags.boolean({ description: 'with --exit-code: behind and cannot compare count too' }),
    watch: Flags.boolean({ description: 'look again every 30 seconds until Ctrl-C' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Status);
    const session = await openSession(this.config, this.invocation());
    if (flags.watch && this.jsonEnabled())
      throw new DcsError('USAGE', '--watch does not go with --json.', { hint: 'a loop around dcs status --json' });
    const words = [args.target ?? []].flat();
    const verdict = { exitCode: flags['exit-code'], strict: flags.strict };
    for (;;) {
      if (!flags.quiet && !this.jsonEnabled())
        this.logToStderr(
          `${session.sandbox ? 'SANDBOX · ' : ''}${projectTitle(session.project)} · compared with the record on this machine`,
        );
      const rows = await statusRows(session, words);
      process.exitCode = statusExit(rows, verdict);
      const lines = statusLines(session, rows, styleFor(process.stdout, session.env), new Date());
      if (!flags.watch) return this.out(lines, statusJson(rows));
      for (const line of lines) this.log(line);
      if (await interrupted(session)) return {};
    }
  }
}

async function interrupted({ signal }: Session): Promise<boolean> {
  return wait(30_000, false, { signal }).catch(() => true);
}
