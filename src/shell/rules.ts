import { isDcsError } from 'dcs-sdk';
import { parse } from '../config/document.ts';
import { branchRules, defaultOf, named } from '../config/environment.ts';
import { GROUPS, kindOf } from '../config/names.ts';
import { makeProject, type Project, type ProjectEnvironment } from '../config/project.ts';
import { configSchema } from '../config/schema.ts';

/**
 * What a shell needs to name the environment of a branch by itself: answers of config/environment.ts, a line each. `-` means: dcs would
 * refuse.
 *
 *     word ENV ENV-OF-A-BRANCH WORD     what DCS_ENV, and what DCS_BRANCH_MAP mean by this word
 *     kind ENV ENV-OF-A-BRANCH WORD     the same, in any case
 *     branch ENV PATTERN                the first that fits
 *     default ENV
 *     env ENV MARK CONFIG PROJECT
 *
 * Undefined: the answers depend on variables, or have no place in such lines; the shell then says that it does not know.
 */
export function shellRules(text: string, file: string, root: string): string | undefined {
  let lines: readonly (readonly string[])[];
  try {
    lines = rows(makeProject(parse(text, file, configSchema), {}, { file, root }));
  } catch (error) {
    if (isDcsError(error) && error.code === 'CONFIG') return undefined;
    throw error;
  }
  if (lines.flat().some((field) => /\s/.test(field))) return undefined;
  return lines.map((line) => line.join(' ')).join('\n');
}

function rows(project: Project): readonly (readonly string[])[] {
  const all = [...project.environments.values()];
  const fallback = orRefused(() => defaultOf(project));
  /** A branch never yields a protected one. */
  const ofBranch = (one: ProjectEnvironment | undefined): string => (one === undefined || one.protected ? nameOf(fallback) : one.name);
  const two = (one: ProjectEnvironment | undefined): [string, string] => [nameOf(one), one === undefined ? '-' : ofBranch(one)];
  const words = new Set([...all.flatMap(({ name, config }) => [name, config]), ...GROUPS.flat()]);
  return [
    ...[...words].map((word) => ['word', ...two(orRefused(() => named(project, word))), word]),
    ...GROUPS.flatMap((group) => {
      const ofKind = all.filter(({ name }) => kindOf(name) === group[0]);
      return group.map((word) => ['kind', ...two(ofKind.length === 1 ? ofKind[0] : undefined), word]);
    }),
    ...branchRules(project).map(({ pattern, environment }) => ['branch', ofBranch(environment), pattern]),
    ['default', nameOf(fallback)],
    ...all.map((one) => ['env', one.name, markOf(one), one.config, project.doppler.project]),
  ];
}

const nameOf = (one: ProjectEnvironment | undefined): string => one?.name ?? '-';
const markOf = (one: ProjectEnvironment): string => (one.protected ? '(protected)' : one.unprotected ? 'UNPROTECTED' : '-');

function orRefused(answer: () => ProjectEnvironment): ProjectEnvironment | undefined {
  try {
    return answer();
  } catch (error) {
    // An ambiguous or unknown word, or no default: answers of their own. A missing variable is none, and shows when the rows are made.
    if (isDcsError(error)) return undefined;
    throw error;
  }
}
