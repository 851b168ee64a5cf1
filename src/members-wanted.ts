import { DcsError } from 'dcs-sdk';

/** What the command line says of members. */
export interface Wanted {
  /** `worker`, `cloudflare`, `api/worker`, `api/`. */
  readonly words: readonly string[];
  readonly all: boolean;
  /** A commit: those with a changed file since then. */
  readonly changed?: string;
}

/** Undefined: the command is for this dcs.yaml alone. */
export function membersWanted(
  words: readonly string[],
  { all, changed }: { all: boolean; changed?: string | undefined },
): Wanted | undefined {
  if (all && changed !== undefined)
    throw new DcsError('USAGE', '--all and --changed do not go together.', { hint: 'leave out one of them' });
  if (!all && changed === undefined && !words.some((word) => word.includes('/'))) return undefined;
  return { words, all, ...(changed === undefined ? {} : { changed }) };
}

/** Flags that are about one dcs.yaml. */
export function refuseForMembers(flags: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const given = names.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (given !== undefined)
    throw new DcsError('USAGE', `--${given} is for one dcs.yaml, not for members of a workspace.`, {
      hint: 'the same in the folder of the member',
    });
}

/** What is said where `--changed` finds no member. */
export function unchanged({ changed }: Wanted): readonly [readonly string[], Readonly<Record<string, unknown>>] {
  return [[`No member changed since ${changed}: nothing to do.`], { changed: changed ?? null, targets: [] }];
}

/** The command line that asks for the same members. */
export const commandLine = (command: string, { words, all, changed }: Wanted, environment: string): string =>
  ['dcs', command, ...(all ? ['--all'] : []), ...(changed === undefined ? [] : ['--changed', changed]), ...words, '-e', environment].join(
    ' ',
  );
