import { DcsCommand, syncFlags, targetArgs } from 'dcs-sdk/command';
import type { Guard } from 'dcs-sdk';
import { runDiff } from '../diff.ts';
import { openSession } from '../session.ts';
import { styleFor } from '../render/style.ts';
import { syncTargets } from '../sync.ts';
import { firstLine } from '../render/first-line.ts';

export default class Sync extends DcsCommand {
  static override description = `Bring Doppler's secrets to the targets: plan, consent, write, verify, record.

Without a terminal a write needs --yes; a protected environment also -e, typed. Guards need --allow, one each.`;
  static override examples = [
    '<%= config.bin %> sync -e staging',
    '<%= config.bin %> sync api -e prod --yes',
    '<%= config.bin %> sync cloudflare -e prod --only STRIPE_KEY',
    '<%= config.bin %> sync --plan prod.plan --yes',
  ];
  static override strict = false;
  static override args = targetArgs;
  static override flags = syncFlags;

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Sync);
    const words = [args.target ?? []].flat();
    const session = await openSession(this.config, this.invocation());
    const style = styleFor(process.stderr, session.env);
    const filters = { only: flags.only ?? [], except: flags.except ?? [], prune: flags.prune };
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    if (flags['dry-run']) {
      const diff = await runDiff(session, { words, ...filters }, say);
      process.exitCode = diff.exit;
      return this.out(diff.lines, diff.json);
    }
    const environment = await environmentOf(session, flags.plan);
    firstLine(session, environment, say);
    const result = await syncTargets(
      session,
      environment,
      {
        ...filters,
        words,
        yes: flags.yes,
        allow: (flags.allow ?? []) as Guard[],
        redeploy: flags.redeploy,
        ...(flags.plan === undefined ? {} : { plan: flags.plan }),
        ...(flags['break-lock'] === undefined ? {} : { breakLock: flags['break-lock'] }),
      },
      style,
      say,
    );
    process.exitCode = result.exit;
    return this.out(result.lines, result.json);
  }
}

/** A saved plan names its environment; `-e` against it is a mistake. */
async function environmentOf(
  session: Awaited<ReturnType<typeof openSession>>,
  plan: string | undefined,
): Promise<ReturnType<typeof session.choose>> {
  if (plan === undefined) return session.choose(false);
  const { planEnvironment } = await import('../engine/saved-plan.ts');
  return session.choose(false, await planEnvironment(plan));
}
