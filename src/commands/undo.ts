import { Args } from '@oclif/core';
import { DcsCommand, syncFlags } from 'dcs-sdk/command';
import { DcsError, type Guard } from 'dcs-sdk';
import { named } from '../config/environment.ts';
import { firstLine } from '../render/first-line.ts';
import { styleFor } from '../render/style.ts';
import { membersWanted } from '../members-wanted.ts';
import { openSession, type Session } from '../session.ts';
import { syncTargets, type SyncOptions } from '../sync.ts';
import type { SyncResult } from '../sync-end.ts';
import { rollbackLines } from '../undo-offer.ts';
import { actionOf, planUndo, takeBack, targetsOf, undoLines, type Undo as UndoPlan } from '../undo.ts';

export default class Undo extends DcsCommand {
  static override description = `Take a sync back: the values that Doppler held before it, told by Doppler's log, then a sync.

It is a plan like any other: shown first, written after consent. Refused where somebody edited one of the names since.`;
  static override examples = [
    '<%= config.bin %> undo 7K2MQX',
    '<%= config.bin %> undo 7K2MQX --dry-run',
    '<%= config.bin %> undo 7K2MQX -e prod --yes',
  ];
  static override args = { id: Args.string({ required: true, description: 'a sync, as dcs history names it' }) };
  static override flags = { yes: syncFlags.yes, allow: syncFlags.allow, 'dry-run': syncFlags['dry-run'] };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Undo);
    const session = await openSession(this.config, this.invocation());
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const undo = await planUndo(session, args.id);
    refuseOtherEnvironment(session, undo);
    firstLine(session, undo.environment, say);
    const json = documentOf(undo);
    const lines = [...undoLines(undo), ...(await rollbackLines(session, undo))];
    if (undo.changes.length === 0)
      throw new DcsError('REFUSED', `There is nothing in Doppler to take back for sync ${undo.entries[0]!.id}.`, {
        why: undo.left.map(({ name, why }) => `${name}: ${why}.`).join(' '),
        hint: 'dcs history',
      });
    if (flags['dry-run']) return this.out(lines, { ...json, written: false });
    for (const line of lines) say(line);
    const allow = (flags.allow ?? []) as Guard[];
    await takeBack(session, undo, { yes: flags.yes, allow });
    const written = `✓ doppler  ${undo.changes.length} written`;
    const words = targetsOf(undo.entries);
    if (words.length === 0) return this.out([written], { ...json, written: true });
    say(written);
    const prune = undo.entries.some(({ changes }) => changes.some(({ action }) => action === 'create'));
    const only = undo.changes.map(({ name }) => name);
    const options = { only, except: [], prune, yes: true, consented: true, allow, redeploy: false };
    const result = await synced(session, undo.environment, words, options, say);
    process.exitCode = result?.exit ?? 0;
    return this.out(result?.lines ?? [], { ...json, written: true, sync: result?.json ?? null });
  }
}

/** Of several members where the sync was of several. */
async function synced(
  session: Session,
  environment: UndoPlan['environment'],
  words: readonly string[],
  options: Omit<SyncOptions, 'words'>,
  say: (line: string) => void,
): Promise<SyncResult | undefined> {
  const style = styleFor(process.stderr, session.env);
  const members = membersWanted(words, { all: false });
  if (members === undefined) return syncTargets(session, environment, { ...options, words }, style, say);
  return (await import('../many.ts')).syncMembers(session, members, options, style, say, environment.name);
}

function refuseOtherEnvironment({ invocation, project }: Session, { entries, environment }: UndoPlan): void {
  if (invocation.env === undefined || named(project, invocation.env).name === environment.name) return;
  throw new DcsError('USAGE', `Sync ${entries[0]!.id} was of ${environment.name}, -e says ${invocation.env}.`, { hint: 'leave out -e' });
}

/** Names and what happens to them; never a value. */
function documentOf({ entries, environment, changes, left }: UndoPlan): Record<string, unknown> {
  return {
    sync: entries[0]!.id,
    environment: environment.name,
    changes: changes.map((change) => ({ name: change.name, action: actionOf(change) })),
    left,
    targets: targetsOf(entries),
  };
}
