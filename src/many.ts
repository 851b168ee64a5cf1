import { DcsError, isDcsError, type Environment, type TriggerType } from 'dcs-sdk';
import { atMost } from './at-most.ts';
import { matching } from './config/environment.ts';
import { renewSources } from './doppler-access.ts';
import { diffResult, type DiffResult } from './diff.ts';
import type { Look } from './engine/look.ts';
import type { Filters } from './jobs.ts';
import { chooseMembers, sharesOf, takes, type Failed, type Members, type Share } from './members.ts';
import { commandLine, membersWanted, type Wanted } from './members-wanted.ts';
import { rivalsOf } from './native-syncs.ts';
import { planParts, planTargets, prepare, refuseUnknownNames, type Part, type Work } from './planning.ts';
import { plural, type Style } from './render/style.ts';
import type { Session } from './session.ts';
import { ALL, failureRow, lookRow, sourceRows, type StatusRow } from './status.ts';
import { hasTrigger } from './trigger.ts';
import { prepareSync, syncJobs, type SyncOptions } from './sync.ts';
import type { SyncResult } from './sync-end.ts';
import { withUndeployed } from './undeployed.ts';

/** What a sync of several members would do. Reads only. */
export async function diffMembers(
  session: Session,
  wanted: Wanted,
  filters: Filters,
  say: (line: string) => void,
): Promise<DiffResult | undefined> {
  const chosen = await chooseMembers(session, wanted);
  const about = aboutOf(session, chosen, say);
  if (about === undefined) return undefined;
  const work = await workOf(about.shares, about.failed, (share) => prepare(share.session, share.environment, share.words, filters));
  const { looks, failures } = await planParts(work);
  refuseUnknownNames(looks, filters);
  return diffResult(session, {
    environment: about.environment,
    looks: await withUndeployed(looks),
    failures: [...failures.map(({ job, error }) => ({ name: job.name, error })), ...work.failed],
    brief: work.several,
    next: { command: commandLine('sync', wanted, about.environment.name) },
    rivals: await rivalsOf(work.parts),
  });
}

/** What stands at targets that are named as a report names them: of this dcs.yaml, or of members. */
export async function looksAt(session: Session, environment: Environment, words: readonly string[]): Promise<readonly Look[]> {
  const wanted = membersWanted(words, { all: false });
  if (wanted === undefined) return (await planTargets(session, environment, words, ALL)).looks;
  const { shares, failed } = sharesOf(await chooseMembers(session, wanted), environment.name);
  const work = await workOf(shares, failed, (share) => prepare(share.session, share.environment, share.words, ALL), true);
  return (await planParts(work)).looks;
}

/** One plan, one consent and one report for several members. `named`: the environment, where not the command line says it. */
export async function syncMembers(
  session: Session,
  wanted: Wanted,
  options: Omit<SyncOptions, 'words' | 'plan' | 'again'>,
  style: Style,
  say: (line: string) => void,
  named?: string,
): Promise<SyncResult | undefined> {
  renewSources(session);
  const chosen = await chooseMembers(session, wanted);
  const about = aboutOf(session, triggered(chosen, options.trigger), say, named);
  if (about === undefined) return undefined;
  const work = await workOf(about.shares, about.failed, (share) =>
    prepareSync(share.session, share.environment, { ...options, words: share.words }),
  );
  const again = commandLine('sync', wanted, about.environment.name);
  return syncJobs(session, about.environment, { ...options, words: wanted.words, again }, work, style, say);
}

/** `dcs status` of several members, in every environment that one may read. */
export async function memberRows({ chosen, failed }: Members): Promise<StatusRow[]> {
  const shares = chosen.flatMap(({ session, words }) => {
    const { project, invocation } = session;
    const about = invocation.env === undefined ? [...project.environments.values()] : matching(project, invocation.env);
    const names = about.map(({ name }) => name).filter((name) => takes(session, words, name));
    return names.map((name) => ({ session, words: words.filter((word) => takes(session, [word], name)), name }));
  });
  const work = await workOf(shares, failed, ({ session, words, name }) => prepare(session, session.choose(true, name), words, ALL), true);
  const filled = chosen.filter(({ session, words }) => words.length === 0 && session.project.sources.size > 0);
  const [{ looks, failures }, beside] = await Promise.all([
    planParts(work),
    atMost(AT_ONCE, filled, ({ session }) => sourceRows(session, [...session.project.sources.values()])),
  ]);
  return [
    ...beside.flat(),
    ...looks.map((look) => lookRow(look.job.environment, look)),
    ...failures.map(({ job, error }) => failureRow(job.environment, job.name, error)),
    ...work.failed.map(({ name, error }) => failureRow('', name, error)),
  ];
}

/** Members that know no such trigger take no part in what it starts. */
function triggered({ chosen, failed }: Members, trigger: TriggerType | undefined): Members {
  if (trigger === undefined) return { chosen, failed };
  const named = ({ session }: Members['chosen'][number]): boolean =>
    matching(session.project, session.invocation.env ?? '').some(({ name }) => hasTrigger(session, trigger, name));
  const mine = chosen.filter(named);
  if (mine.length === 0 && chosen.length > 0)
    throw new DcsError('REFUSED', `No member has a trigger of type ${trigger} for this environment.`, {
      why: 'Nothing was written.',
      hint: 'triggers: in the dcs.yaml of a member',
    });
  return { chosen: mine, failed };
}

interface About {
  readonly environment: Environment;
  readonly shares: readonly Share[];
  readonly failed: readonly Failed[];
}

/** The one environment, told on line 1. Undefined: `--changed` found no member. */
function aboutOf(session: Session, members: Members, say: (line: string) => void, named?: string): About | undefined {
  const { shares, failed } = sharesOf(members, named);
  const [first] = shares;
  if (first === undefined) {
    if (members.chosen.length === 0) return undefined;
    throw new DcsError('CONFIG', `No member has a target in ${session.invocation.env ?? 'its environment'}.`, { hint: 'dcs status --all' });
  }
  const { name, why } = first.environment;
  const { unprotected } = first.session.project.environments.get(name)!;
  const environment = { ...first.environment, protected: shares.some((share) => share.environment.protected) };
  const mark = environment.protected ? ' (protected)' : unprotected ? ' UNPROTECTED' : '';
  const left = members.chosen.length + members.failed.length - shares.length - failed.length;
  const without = left > 0 ? `, ${left} without targets in it` : '';
  say(`${session.sandbox ? 'SANDBOX · ' : ''}${name}${mark} · ${plural(shares.length, 'member')}${without} · ${why}`);
  for (const notice of session.user.notices) say(`! ${notice}`);
  say('');
  return { environment, shares, failed };
}

/** Of several members one that cannot take part stops no other; alone, it ends the command. */
async function workOf<S extends { readonly session: Session }>(
  shares: readonly S[],
  failed: readonly Failed[],
  prepared: (share: S) => Promise<Part>,
  several = shares.length + failed.length > 1,
): Promise<Work> {
  const parts = await atMost(AT_ONCE, shares, async (share): Promise<Part | Failed> => {
    try {
      return await prepared(share);
    } catch (error) {
      if (!several || !isDcsError(error)) throw error;
      return { name: share.session.member ?? '.', error };
    }
  });
  return {
    parts: parts.flatMap((part) => ('jobs' in part ? [part] : [])),
    failed: [...failed, ...parts.flatMap((part) => ('error' in part ? [part] : []))],
    several,
  };
}

const AT_ONCE = 32;
