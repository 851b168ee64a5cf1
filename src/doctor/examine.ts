import { atMost } from '../at-most.ts';
import { chooseMembers } from '../members.ts';
import type { Wanted } from '../members-wanted.ts';
import type { Session } from '../session.ts';
import { checkEnvironment, checkPlugins, checkPrograms, checkServices } from './checks.ts';
import { checkNativeSyncs, checkSameValues, type SignedIn } from './co-existence.ts';
import { checkFolders, checkSnapshots } from './disk.ts';
import { checkClock, checkQuota, dopplerOnce, type Doppler } from './doppler.ts';
import { problem, type DoctorFinding } from './finding.ts';
import { checkRepository } from './repository.ts';
import { checkSharedRecord } from './shared-record.ts';
import { checkTargets } from './targets.ts';

export interface Examined {
  readonly findings: readonly DoctorFinding[];
  /** With `--all`: how many members, and how many of them in order. */
  readonly members?: { readonly all: number; readonly inOrder: number };
}

/** Everything that this dcs.yaml depends on. */
export async function examine(session: Session, version: string): Promise<Examined> {
  const doppler = dopplerOnce(session);
  const checks = await Promise.all([
    checkPrograms(session, version),
    checkPlugins(session),
    checkEnvironment(session),
    checkRepository(session),
    checkServices(session, [session.project]),
    checkReadings([{ session, doppler }], () => checkTargets(session, doppler)),
    checkSharedRecord(session),
    checkFolders(session),
    checkSnapshots(session, doppler),
    checkNativeSyncs(session, doppler),
  ]);
  return { findings: checks.flat() };
}

/** The same for the members of a workspace: what they share once, of each what is not in order. */
export async function examineMembers(session: Session, version: string, wanted: Wanted): Promise<Examined> {
  const { chosen, failed } = await chooseMembers(session, wanted);
  const signIns = new Map<string | undefined, Doppler>();
  const all = chosen.map(({ session: member }): SignedIn => {
    const who = member.identity?.name;
    const doppler = signIns.get(who) ?? dopplerOnce(member);
    signIns.set(who, doppler);
    return { session: member, doppler };
  });
  const broken = failed.map(({ name, error }) => problem(name, error));
  const each = async ({ session: member, doppler }: SignedIn): Promise<readonly DoctorFinding[]> => {
    const checks = [
      checkEnvironment(member),
      checkRepository(member),
      checkTargets(member, doppler),
      checkSharedRecord(member),
      checkNativeSyncs(member, doppler),
    ];
    const found = (await Promise.all(checks)).flat().filter(({ level }) => level !== 'ok');
    return found.map((finding) => ({ ...finding, member: member.member ?? '.' }));
  };
  let inOrder = 0;
  const [machine, members] = await Promise.all([
    Promise.all([
      checkPrograms(session, version),
      checkPlugins(session),
      checkServices(
        session,
        all.map(({ session: member }) => member.project),
      ),
      checkFolders(session),
    ]),
    checkReadings(all, async () => {
      const found = await atMost(AT_ONCE, all, each);
      inOrder = found.filter(({ length }) => length === 0).length;
      return found.flat();
    }),
  ]);
  return { findings: [...machine.flat(), ...broken, ...members], members: { all: all.length + failed.length, inOrder } };
}

const AT_ONCE = 32;

/** What the answers to the readings tell besides. */
async function checkReadings(all: readonly SignedIn[], read: () => Promise<readonly DoctorFinding[]>): Promise<readonly DoctorFinding[]> {
  const found = await read();
  const dopplers = [...new Set(all.map(({ doppler }) => doppler))];
  const told = await Promise.all([checkSameValues(all), ...dopplers.flatMap((doppler) => [checkQuota(doppler), checkClock(doppler)])]);
  return [...found, ...told.flat()];
}
