import { isDcsError, type Environment, type PlanItem, type TriggerType } from 'dcs-sdk';
import { dopplerClient } from './doppler-access.ts';
import type { AuditChange, AuditEntry, Who } from './engine/audit.ts';
import type { Look } from './engine/look.ts';
import { gitAuthor } from './git-process.ts';
import { logOf } from './history.ts';
import type { TargetReport } from './render/report.ts';
import type { Session } from './session.ts';

/** Who writes, asked only when something is to be written. `trigger`: of what type, where a trigger of dcs.yaml started it. */
export async function whoWrites(session: Session, trigger?: TriggerType): Promise<{ readonly by: string; readonly who: Who }> {
  const [doppler, git] = await Promise.all([dopplerName(session), gitAuthor(session.project.root, session.env)]);
  const ci = session.ci && [session.ci.name, session.ci.run].filter((part) => part !== undefined).join(' ');
  const who = { ...(doppler === undefined ? {} : { doppler }), ...(git === undefined ? {} : { git }), ...(ci === undefined ? {} : { ci }) };
  return { by: ci ?? (trigger && `${trigger} trigger`) ?? doppler ?? git ?? 'you', who };
}

/** That Doppler does not tell is no reason not to sync. */
async function dopplerName(session: Session): Promise<string | undefined> {
  try {
    return (await (await dopplerClient(session)).me()).name;
  } catch (error) {
    if (!isDcsError(error)) throw error;
    session.log(`who: ${error.message}`);
    return undefined;
  }
}

type Author = Awaited<ReturnType<typeof whoWrites>>;
/** What one run did to one target; when, who and where in Doppler's log is added here. */
type Deed = Omit<AuditEntry, 'at' | 'by' | 'who' | 'environment' | 'sourceLog'>;

/** What one round did, for `dcs history`: as soon as it ended. */
export async function audit(
  session: Session,
  environment: Environment,
  round: { readonly reports: readonly TargetReport[]; readonly looks: readonly Look[]; readonly run: string },
  author: Author,
): Promise<void> {
  const deeds = round.reports.flatMap(({ name, applied }): Deed[] => {
    const look = round.looks.find(({ job }) => job.name === name);
    if (!look || !applied || applied.outcomes.size === 0) return [];
    const outcomes: Record<string, string[]> = {};
    for (const [secret, { result }] of applied.outcomes) (outcomes[result] ??= []).push(secret);
    const before = look.listing.trail?.[0]?.id;
    const after = applied.revision;
    return [
      {
        id: round.run,
        target: name,
        place: look.job.place,
        sourceVersion: look.source.version,
        revision: { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
        outcomes,
        changes: changesOf(look, new Set(outcomes['done'])),
      },
    ];
  });
  await remember(session, environment, deeds, author);
}

/** Adds them to the history of the environment. */
export async function remember(session: Session, environment: Environment, deeds: readonly Deed[], { by, who }: Author): Promise<void> {
  if (deeds.length === 0) return;
  const sourceLog = await newestLog(session, environment);
  const stamp = { at: new Date().toISOString(), by, who, environment: environment.name, ...(sourceLog === undefined ? {} : { sourceLog }) };
  await (await logOf(session, environment)).append(deeds.map(({ id, ...deed }) => ({ id, ...stamp, ...deed })));
}

function changesOf({ plan, ledger }: Look, done: ReadonlySet<string>): AuditChange[] {
  return plan.items
    .filter((item): item is PlanItem & { action: AuditChange['action'] } => done.has(item.name) && WRITES.has(item.action))
    .map(({ name, action, from }) => ({ name, action, from: from ?? ledger.records.get(name)?.from ?? name }));
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'delete'] satisfies AuditChange['action'][]);

/** Asked after the writes and before the source is looked at once more: if that did not move, this is what its values came with. */
async function newestLog(session: Session, { doppler }: Environment): Promise<string | undefined> {
  try {
    return (await (await dopplerClient(session)).logIds(doppler.project, doppler.config, { page: 1, count: 1 }))[0] ?? '';
  } catch (error) {
    if (!isDcsError(error)) throw error;
    session.log(`history: Doppler's log cannot be read (${error.message}); dcs undo will not know this sync`);
    return undefined;
  }
}
