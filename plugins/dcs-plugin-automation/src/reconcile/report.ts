import { EXIT, type ErrorCode } from 'dcs-sdk';

/** A target that could not be looked at or written; without a name, all of the environment. */
export interface Failed {
  readonly target: string | null;
  readonly code: string;
  readonly message: string;
  /** What dcs said to try, where all of the environment failed. */
  readonly try?: readonly string[];
}

/** A target that is not what Doppler says, and that no trigger of type schedule names. */
export interface Left {
  readonly target: string;
  readonly state: string;
  readonly names: readonly string[];
}

export interface Environment {
  readonly environment: string;
  /** A trigger of type schedule may write here. */
  readonly scheduled: boolean;
  readonly inSync: readonly string[];
  readonly written: readonly { readonly target: string; readonly names: readonly string[] }[];
  /** Found when it looked, written over meanwhile or not. */
  readonly drifted: readonly { readonly target: string; readonly names: readonly string[] }[];
  readonly left: readonly Left[];
  readonly failed: readonly Failed[];
}

export interface Project {
  /** Its folder. */
  readonly project: string;
  readonly environments: readonly Environment[];
  /** It could not even be begun. */
  readonly failed: readonly Failed[];
}

/** 0, or what the failures share; PARTIAL where something was written beside them, TARGET where they share nothing. */
export function exitOf(projects: readonly Project[]): number {
  const environments = projects.flatMap((project) => project.environments);
  const codes = new Set([...projects, ...environments].flatMap(({ failed }) => failed.map(({ code }) => code)));
  const [code] = codes;
  if (code === undefined) return 0;
  if (environments.some(({ written }) => written.length > 0)) return EXIT.PARTIAL;
  return codes.size === 1 ? (EXIT[code as ErrorCode] ?? 1) : EXIT.TARGET;
}

export function linesOf(projects: readonly Project[]): string[] {
  const several = projects.length > 1;
  const calm = projects.filter(({ environments, failed }) => failed.length === 0 && environments.every(isCalm));
  const told = several ? projects.filter((project) => !calm.includes(project)) : projects;
  return [
    ...told.flatMap(({ project, environments, failed }) => [
      ...(several ? [project] : []),
      ...failedLines(failed),
      ...environments.flatMap((each) => environmentLines(each)),
    ]),
    ...(several ? [`${projects.length} projects, ${calm.length} in sync`] : []),
  ];
}

const isCalm = ({ written, drifted, left, failed }: Environment): boolean =>
  written.length + drifted.length + left.length + failed.length === 0;

function environmentLines({ environment, inSync, written, drifted, left, failed }: Environment): string[] {
  const names = written.reduce((sum, each) => sum + each.names.length, 0);
  const counts = [
    `${plural(inSync.length, 'target')} in sync`,
    ...(written.length > 0 ? [`${plural(names, 'secret')} written to ${plural(written.length, 'target')}`] : []),
    ...(left.length > 0 ? [`${plural(left.length, 'target')} left`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  return [
    `${failed.length > 0 ? '✗' : left.length + drifted.length > 0 ? '!' : '✓'} ${environment}  ${counts.join(', ')}`,
    ...some(
      drifted
        .filter(({ target }) => !left.some((each) => each.target === target))
        .map(({ target, names: of }) => `  ! ${target} had drifted: ${listed(of)}`),
    ),
    ...some(left.map(({ target, state, names: of }) => `  ! ${target} ${state}: ${listed(of)}`)),
    // Where the sync failed as a whole, a trigger may well name it.
    ...(left.length > 0 && failed.every(({ target }) => target !== null)
      ? [`  Next  dcs diff -e ${environment}     no trigger of type schedule names it`]
      : []),
    ...failedLines(failed),
  ];
}

const failedLines = (failed: readonly Failed[]): string[] =>
  some(
    failed.flatMap(({ target, code, message, try: hints = [] }) => [
      `  ✗ ${target === null ? '' : `${target}  `}${code}  ${message}`,
      ...hints.map((hint) => `    Try  ${hint}`),
    ]),
  );

/** Of hundreds a report says the first few. */
const MOST = 10;
const some = (lines: readonly string[]): string[] =>
  lines.length <= MOST ? [...lines] : [...lines.slice(0, MOST), `  … and ${lines.length - MOST} more (--json has them)`];

const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
