export interface Entry {
  readonly name: string;
  readonly value: string;
}

export interface FormatOptions {
  /** metadata.name of a Kubernetes Secret. */
  readonly secretName?: string;
}

/** One way to write secrets down. What it writes, its reader reads back byte for byte; what it cannot write, it refuses. */
export interface Format {
  /** Who reads it, for --help. */
  readonly title: string;
  /** Its reader makes the names variables of programs: names that change how programs start stay out. */
  readonly variables?: true;
  /** Why this name or value cannot be written, after "it" or "its value": `has a line break`. Never quotes the value. */
  refuses(entry: Entry): string | undefined;
  /** Entries that `refuses` has let pass, sorted by name. Ends in a line break. */
  render(entries: readonly Entry[], options: FormatOptions): string;
}

/** A name that POSIX shells, and programs that read variables, take. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const isVariable = (name: string): boolean => VARIABLE.test(name);

/** Reasons in the order they are tried; the first that holds is told. */
export function firstReason(
  entry: Entry,
  reasons: readonly (readonly [reason: string, holds: (entry: Entry) => boolean])[],
): string | undefined {
  return reasons.find(([, holds]) => holds(entry))?.[0];
}

/** One line an entry. */
export const lines = (entries: readonly Entry[], line: (entry: Entry) => string, end = '\n'): string =>
  entries.map((entry) => line(entry) + end).join('');

type Reason = readonly [reason: string, holds: (entry: Entry) => boolean];
export const NO_VARIABLE: Reason = ['is no name of a variable', ({ name }) => !isVariable(name)];
export const NUL: Reason = ['holds a NUL byte', ({ value }) => value.includes('\0')];
/** Half of a character: UTF-8 has no bytes for it, and writing it would put another character there. */
export const NOT_TEXT: Reason = ['is no Unicode text', ({ value, name }) => !value.isWellFormed() || !name.isWellFormed()];
