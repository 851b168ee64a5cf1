import { relative, sep } from 'node:path';
import { DcsError, isDcsError } from 'dcs-sdk';
import { changedFiles } from './changed.ts';
import { matching } from './config/environment.ts';
import { nearest } from './config/nearest.ts';
import type { Project } from './config/project.ts';
import type { Member } from './config/workspace.ts';
import type { Wanted } from './members-wanted.ts';
import { refuseSharedPlaces } from './places.ts';
import { atMember, type Session } from './session.ts';

export interface Failed {
  readonly name: string;
  readonly error: DcsError;
}

/** A member at work, with the words that are left for it. */
export interface Chosen {
  readonly session: Session;
  readonly words: readonly string[];
}

export interface Members {
  readonly chosen: readonly Chosen[];
  readonly failed: readonly Failed[];
}

/** The members of this workspace that the command line names. */
export async function chooseMembers(session: Session, wanted: Wanted): Promise<Members> {
  const { workspace } = session.project;
  if (workspace === undefined)
    throw new DcsError('USAGE', 'This dcs.yaml is of no workspace: there are no members.', {
      why: 'A root file names their folders.',
      hint: 'workspaces: ["services/*"]     in the dcs.yaml at the root of the repository',
    });
  session.shared.patience = PATIENCE;
  const all = await workspace.members();
  refuseUnknown(wanted, all);
  await refuseSharedPlaces(session);
  const changed = wanted.changed === undefined ? undefined : await isChanged(session, wanted.changed);
  const mine = all.flatMap((member) => {
    const words = wordsFor(member, wanted.words);
    return words === undefined || changed?.(member.folder) === false ? [] : [{ member, words }];
  });
  return {
    chosen: mine.flatMap(({ member: { name, project }, words }) =>
      isDcsError(project) ? [] : [{ session: atMember(session, name, project), words }],
    ),
    failed: mine.flatMap(({ member: { folder, project } }) => (isDcsError(project) ? [{ name: folder, error: project }] : [])),
  };
}

/** One request, its waits for a shared quota included, ms. */
const PATIENCE = 300_000;

/** `api/worker` -> [`api`, `worker`]. */
function parts(word: string): readonly [member: string, target: string] | undefined {
  const slash = word.lastIndexOf('/');
  return slash < 0 ? undefined : [word.slice(0, slash), word.slice(slash + 1)];
}

const isCalled = ({ name, folder }: Member, word: string): boolean => word === name || word === folder;

/** Undefined: the words do not speak of it. */
function wordsFor(member: Member, words: readonly string[]): readonly string[] | undefined {
  if (words.length === 0) return [];
  const mine = words.flatMap((word) => {
    const [name, target] = parts(word) ?? [];
    if (name === undefined || target === undefined) return has(member.project, word) ? [word] : [];
    return isCalled(member, name) ? [target] : [];
  });
  if (mine.length === 0) return undefined;
  return mine.includes('') ? [] : mine;
}

const has = (project: Project | DcsError, word: string): boolean =>
  !isDcsError(project) && [...project.targets.values()].some(({ name, type }) => name === word || type === word);

function refuseUnknown({ words, all, changed }: Wanted, members: readonly Member[]): void {
  const names = members.flatMap(({ name }) => name ?? []);
  for (const word of words) {
    const [name, target = word] = parts(word) ?? [];
    if (name === undefined && !all && changed === undefined)
      throw new DcsError('USAGE', `${word}: of which member?`, { hint: [`${names[0]}/${word}`, `--all ${word}     of every member`] });
    const meant = name === undefined ? members : members.filter((each) => isCalled(each, name));
    if (meant.length === 0) throw unknown(`There is no member "${name}".`, name ?? '', names);
    if (target !== '' && !meant.some(({ project }) => (name !== undefined && isDcsError(project)) || has(project, target)))
      throw unknown(
        name === undefined ? `No member has a target "${word}".` : `${name} has no target "${target}".`,
        target,
        targetsOf(meant),
      );
  }
}

function unknown(message: string, word: string, known: Iterable<string>): DcsError {
  const near = nearest(word, known);
  return new DcsError('USAGE', message, { hint: near === undefined ? 'dcs status --all' : `did you mean ${near}?` });
}

const targetsOf = (members: readonly Member[]): string[] =>
  members.flatMap(({ project }) => (isDcsError(project) ? [] : [...project.targets.keys()]));

/** A change of the root file is one of every member. */
async function isChanged({ project: { workspace }, env }: Session, reference: string): Promise<(folder: string) => boolean> {
  const { root, file } = workspace!;
  const { top, files } = await changedFiles(root, reference, env);
  const path = (from: string): string => relative(top, from).split(sep).join('/');
  const all = files.has(path(file));
  const names = [...files];
  // A submodule is one name, without what is in it.
  const within = (folder: string) => (name: string) => name === folder || name.startsWith(`${folder}/`);
  return (folder) => all || (folder !== '.' && names.some(within(path(`${root}/${folder}`))));
}

/** A member's part of a command that is about one environment. */
export interface Share extends Chosen {
  readonly environment: ReturnType<Session['choose']>;
}

/** Those that have targets in the one environment that the command is about. Throws where there is none, or where they mean different ones. */
export function sharesOf({ chosen, failed }: Members, told?: string): { shares: readonly Share[]; failed: readonly Failed[] } {
  const shares: Share[] = [];
  const errors: Failed[] = [...failed];
  for (const { session, words } of chosen) {
    const named = told ?? session.invocation.env ?? (session.env['DCS_ENV'] || undefined);
    if (session.project.targets.size === 0 || (named !== undefined && matching(session.project, named).length === 0)) continue;
    try {
      shares.push({ session, words, environment: session.choose(false, told) });
    } catch (error) {
      if (!isDcsError(error)) throw error;
      errors.push({ name: session.member ?? '.', error });
    }
  }
  refuseSeveral(shares);
  const having = shares.filter(({ session, words, environment }) => takes(session, words, environment.name));
  const [only] = errors;
  if (having.length === 0 && only) throw only.error;
  return { shares: having, failed: errors };
}

function refuseSeveral(shares: readonly Share[]): void {
  const names = new Set(shares.map(({ environment }) => environment.name));
  if (names.size <= 1) return;
  const whose = [...names].map((name) => `${name} (${shares.find(({ environment }) => environment.name === name)!.session.member ?? '.'})`);
  throw new DcsError('USAGE', 'Which environment? The members mean different ones.', {
    why: `${whose.join(', ')}. Nothing was read or written.`,
    hint: [...names].map((name) => `-e ${name}`),
  });
}

/** Does a target that the words name take this environment? */
export function takes({ project }: Session, words: readonly string[], environment: string): boolean {
  return [...project.targets.values()].some(
    ({ name, type, environments }) =>
      environments.includes(environment) && (words.length === 0 || words.includes(name) || words.includes(type)),
  );
}
