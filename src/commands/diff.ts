import { Flags } from '@oclif/core';
import { DcsCommand, memberFlags, syncFlags, targetArgs } from 'dcs-sdk/command';
import { DcsError } from 'dcs-sdk';
import { compareEnvironments } from '../compare.ts';
import { runDiff, type DiffResult } from '../diff.ts';
import { membersWanted, refuseForMembers, unchanged } from '../members-wanted.ts';
import { scopeOf } from '../plan-scope.ts';
import { viewPlan } from '../plan-view.ts';
import { firstLine } from '../render/first-line.ts';
import { styleFor } from '../render/style.ts';
import { offerNeeded } from '../plugins/offer-needed.ts';
import { openSession } from '../session.ts';

export default class Diff extends DcsCommand {
  static override description = 'Show what a sync would change, and why. Writes nothing.';
  static override examples = [
    '<%= config.bin %> diff -e prod',
    '<%= config.bin %> diff api --exit-code',
    '<%= config.bin %> diff -e prod --out prod.plan',
    '<%= config.bin %> diff --plan prod.plan',
    '<%= config.bin %> diff --from staging --to prod',
    '<%= config.bin %> diff --all -e staging',
    '<%= config.bin %> diff --changed origin/main -e staging --exit-code',
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = {
    ...memberFlags,
    only: syncFlags.only,
    except: syncFlags.except,
    prune: syncFlags.prune,
    out: Flags.string({ helpValue: 'FILE', description: 'save the plan, without values, for dcs sync --plan' }),
    plan: Flags.string({
      helpValue: 'FILE',
      description: 'show a saved plan, and whether it still holds',
      exclusive: ['out', 'from', 'to'],
    }),
    'exit-code': Flags.boolean({ description: '0 no differences (with --plan: it holds), 2 differences, 1 anything wrong' }),
    from: Flags.string({ helpValue: 'ENV', description: 'compare two environments of Doppler by name', dependsOn: ['to'] }),
    to: Flags.string({ helpValue: 'ENV', description: 'the other environment', dependsOn: ['from'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Diff);
    const session = await openSession(this.config, this.invocation());
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const words = [args.target ?? []].flat();
    await offerNeeded(this.config, session, words);
    const members = membersWanted(words, flags);
    if (members !== undefined) refuseForMembers(flags, ['from', 'plan', 'out']);
    if (flags.from !== undefined && flags.to !== undefined) {
      if (session.invocation.env !== undefined)
        throw new DcsError('USAGE', '-e does not go with --from and --to.', { hint: 'leave out -e' });
      const { lines, json, differences } = await compareEnvironments(session, flags.from, flags.to);
      if (flags['exit-code'] && differences) process.exitCode = 2;
      return this.out(lines, json);
    }
    const filters = { only: flags.only ?? [], except: flags.except ?? [], prune: flags.prune };
    const given = { words, ...filters };
    if (members !== undefined) {
      const { diffMembers } = await import('../many.ts');
      const result = await diffMembers(session, members, filters, say);
      if (result === undefined) return this.out(...unchanged(members));
      process.exitCode = exitOf(result, flags['exit-code']);
      return this.out(result.lines, result.json);
    }
    const { plan } = await scopeOf(session, given, flags.plan);
    if (plan !== undefined) {
      firstLine(session, session.choose(true, plan.saved.environment), say);
      const view = await viewPlan(session, plan, styleFor(process.stdout, session.env));
      process.exitCode = flags['exit-code'] && !view.good ? 2 : 0;
      return this.out(view.lines, view.json);
    }
    const result = await runDiff(
      session,
      {
        ...given,
        ...(flags.out === undefined ? {} : { out: flags.out }),
      },
      say,
    );
    process.exitCode = exitOf(result, flags['exit-code']);
    return this.out(result.lines, result.json);
  }

  /** `--exit-code` promises exactly 0, 2 and 1. */
  protected override async catch(error: Error): Promise<unknown> {
    const answer = await super.catch(error);
    if (this.argv.includes('--exit-code')) process.exitCode = 1;
    return answer;
  }
}

function exitOf({ exit, differences }: DiffResult, exitCode: boolean): number {
  if (!exitCode) return exit;
  if (exit !== 0) return 1;
  return differences ? 2 : 0;
}
