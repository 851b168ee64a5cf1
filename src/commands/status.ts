import { setTimeout as wait } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { DcsCommand, memberFlags, targetArgs } from 'dcs-sdk/command';
import { DcsError } from 'dcs-sdk';
import { renewSources } from '../doppler-access.ts';
import { chooseMembers } from '../members.ts';
import { commandLine, membersWanted, refuseForMembers, unchanged } from '../members-wanted.ts';
import { scopeOf } from '../plan-scope.ts';
import { approvalView } from '../plan-view.ts';
import { firstLine } from '../render/first-line.ts';
import { plural, styleFor } from '../render/style.ts';
import { offerNeeded } from '../plugins/offer-needed.ts';
import { openSession, projectTitle, type Session } from '../session.ts';
import { keyLines, statusExit, statusJson, statusLines, statusRows } from '../status.ts';

export default class Status extends DcsCommand {
  static override description = 'Is every target what Doppler says? Every environment you may read; -e narrows. Writes nothing.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status api -e prod --exit-code',
    '<%= config.bin %> status --keys -e prod',
    '<%= config.bin %> status --plan prod.plan --exit-code',
    '<%= config.bin %> status --watch',
    '<%= config.bin %> status --all',
    '<%= config.bin %> status api/worker -e prod',
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = {
    ...memberFlags,
    'exit-code': Flags.boolean({ description: '0 fine, 2 drifted, 1 anything wrong' }),
    strict: Flags.boolean({ description: 'with --exit-code: behind and cannot compare count too' }),
    keys: Flags.boolean({ description: 'name by name: state, how dcs came to it, revision' }),
    plan: Flags.string({
      helpValue: 'FILE',
      description: 'does each target hold what this saved plan approved?',
      exclusive: ['watch', 'keys'],
    }),
    watch: Flags.boolean({ description: 'look again every 30 seconds until Ctrl-C' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Status);
    const session = await openSession(this.config, this.invocation());
    if (flags.watch && this.jsonEnabled())
      throw new DcsError('USAGE', '--watch does not go with --json.', { hint: 'a loop around dcs status --json' });
    const words = [args.target ?? []].flat();
    await offerNeeded(this.config, session, words);
    const wanted = membersWanted(words, flags);
    if (wanted !== undefined) refuseForMembers(flags, ['plan']);
    const { plan } = await scopeOf(session, { words, only: [], except: [], prune: false }, flags.plan);
    if (plan !== undefined) {
      firstLine(session, session.choose(true, plan.saved.environment), (line) => {
        if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
      });
      const view = await approvalView(session, plan, styleFor(process.stdout, session.env));
      process.exitCode = flags['exit-code'] && !view.good ? 2 : 0;
      return this.out(view.lines, view.json);
    }
    const verdict = { exitCode: flags['exit-code'], strict: flags.strict || strictByDefault(session) };
    for (;;) {
      const members = wanted && (await chooseMembers(session, wanted));
      if (wanted && members?.chosen.length === 0 && members.failed.length === 0) return this.out(...unchanged(wanted));
      if (!flags.quiet && !this.jsonEnabled())
        this.logToStderr(
          `${session.sandbox ? 'SANDBOX · ' : ''}${projectTitle(session.project)}${members ? ` · ${plural(members.chosen.length, 'member')}` : ''} · compared with the record on this machine`,
        );
      const rows = members ? await (await import('../many.ts')).memberRows(members) : await statusRows(session, words);
      process.exitCode = statusExit(rows, verdict);
      const style = styleFor(process.stdout, session.env);
      const several = members !== undefined && members.chosen.length + members.failed.length > 1;
      const brief = several ? { next: (environment: string): string => commandLine('diff', wanted!, environment) } : undefined;
      const lines = [...statusLines(session, rows, style, new Date(), brief), ...(flags.keys ? keyLines(rows, style) : [])];
      if (!flags.watch) return this.out(lines, statusJson(rows, flags.keys));
      for (const line of lines) this.log(line);
      if (await interrupted(session)) return {};
      renewSources(session);
    }
  }

  /** `--exit-code` promises exactly 0, 2 and 1. */
  protected override async catch(error: Error): Promise<unknown> {
    const answer = await super.catch(error);
    if (this.argv.includes('--exit-code')) process.exitCode = 1;
    return answer;
  }
}

/** The team's file beats a personal default. */
const strictByDefault = ({ project, user }: Session): boolean => project.defaults.strict ?? user.defaults.strict ?? false;

async function interrupted({ signal }: Session): Promise<boolean> {
  return wait(30_000, false, { signal }).catch(() => true);
}
