import { DcsCommand, syncFlags, targetArgs } from 'dcs-sdk/command';
import type { Guard, TriggerType } from 'dcs-sdk';
import { runDiff } from '../diff.ts';
import { membersWanted, refuseForMembers, unchanged } from '../members-wanted.ts';
import { offerNeeded } from '../plugins/offer-needed.ts';
import { openSession } from '../session.ts';
import { styleFor } from '../render/style.ts';
import { scopeOf } from '../plan-scope.ts';
import { viewPlan } from '../plan-view.ts';
import { namedSources, sourceNotes, syncSources } from '../sources.ts';
import { syncTargets } from '../sync.ts';
import { firstLine } from '../render/first-line.ts';

export default class Sync extends DcsCommand {
  static override description = `Bring Doppler's secrets to the targets: plan, consent, write, verify, record.

Without a terminal a write needs --yes; a protected environment also -e, typed. Guards need --allow, one each.
--all and --changed are for the members of a workspace: one plan, one consent, one report; a member that fails stops no other.`;
  static override examples = [
    '<%= config.bin %> sync -e staging',
    '<%= config.bin %> sync api -e prod --yes',
    '<%= config.bin %> sync cloudflare -e prod --only STRIPE_KEY',
    '<%= config.bin %> sync --plan prod.plan --yes',
    '<%= config.bin %> sync --all -e staging',
    '<%= config.bin %> sync --changed origin/main -e staging --yes',
    '<%= config.bin %> sync api/worker -e staging',
    {
      description: 'What automation calls: as far as a trigger of dcs.yaml goes',
      command: '<%= config.bin %> sync -e prod --trigger webhook',
    },
    { description: 'A source of dcs.yaml fills Doppler', command: '<%= config.bin %> sync db -e dev' },
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = syncFlags;

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Sync);
    const session = await openSession(this.config, this.invocation());
    const given = { words: [args.target ?? []].flat(), only: flags.only ?? [], except: flags.except ?? [], prune: flags.prune };
    await offerNeeded(this.config, session, given.words);
    const style = styleFor(process.stderr, session.env);
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const consented = {
      yes: flags.yes,
      allow: (flags.allow ?? []) as Guard[],
      redeploy: flags.redeploy,
      ...(flags.trigger === undefined ? {} : { trigger: flags.trigger as TriggerType }),
      ...(flags['break-lock'] === undefined ? {} : { breakLock: flags['break-lock'] }),
    };
    const members = membersWanted(given.words, flags);
    if (members !== undefined) {
      refuseForMembers(flags, ['plan']);
      const { diffMembers, syncMembers } = await import('../many.ts');
      const { words: _words, ...filters } = given;
      const result = flags['dry-run']
        ? await diffMembers(session, members, filters, say)
        : await syncMembers(session, members, { ...filters, ...consented }, style, say);
      process.exitCode = result?.exit ?? 0;
      return this.out(...(result === undefined ? unchanged(members) : ([result.lines, result.json] as const)));
    }
    const { environment: named, words, filters, plan } = await scopeOf(session, given, flags.plan);
    if (flags['dry-run'] && plan !== undefined) {
      const view = await viewPlan(session, plan, style);
      return this.out(view.lines, view.json);
    }
    if (flags['dry-run']) {
      const diff = await runDiff(session, { words, ...filters }, say);
      process.exitCode = diff.exit;
      return this.out(diff.lines, diff.json);
    }
    const environment = session.choose(false, named);
    firstLine(session, environment, say);
    const sources = plan === undefined ? namedSources(session, words) : [];
    if (sources.length > 0) {
      const result = await syncSources(session, sources, environment, { ...filters, ...consented }, style, say);
      process.exitCode = result.exit;
      return this.out(result.lines, result.json);
    }
    const result = await syncTargets(
      session,
      environment,
      {
        ...filters,
        ...consented,
        words,
        ...(plan === undefined ? {} : { plan }),
      },
      style,
      say,
    );
    process.exitCode = result.exit;
    if (words.length > 0 || session.project.sources.size === 0) return this.out(result.lines, result.json);
    const beside = await sourceNotes(session, environment);
    for (const line of beside.lines) say(line);
    return this.out(result.lines, { ...result.json, sources: beside.json });
  }
}
