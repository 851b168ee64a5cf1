import { isDcsError, type ErrorCode } from 'dcs-sdk';
import { together } from '../render/together.ts';

/** One line of `dcs doctor`. */
export interface DoctorFinding {
  /** Whose it is, of the members of a workspace. */
  readonly member?: string;
  readonly what: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly hints: readonly string[];
  /** Of a problem: the exit code it asks for. */
  readonly code?: ErrorCode;
  /** Mends it; run by `--fix`, and where there is a question, after a yes. */
  readonly fix?: () => Promise<void>;
  readonly ask?: string;
}

export const ok = (what: string, message: string): DoctorFinding => ({ what, level: 'ok', message, hints: [] });
export const warning = (what: string, message: string, hints: readonly string[] = []): DoctorFinding => ({
  what,
  level: 'warning',
  message,
  hints,
});

/** A DcsError becomes a problem; anything else is a bug and ends the command. */
export function problem(what: string, error: unknown): DoctorFinding {
  if (!isDcsError(error)) throw error;
  const hints = [error.details.hint ?? []].flat().filter((hint) => hint !== 'dcs doctor');
  return { what, level: 'problem', message: error.message, hints, code: error.code };
}

export async function attempt(
  what: string,
  check: () => Promise<DoctorFinding | readonly DoctorFinding[]>,
): Promise<readonly DoctorFinding[]> {
  try {
    return [await check()].flat();
  } catch (error) {
    return [problem(what, error)];
  }
}

/** `api: record`. */
export const titleOf = ({ member, what }: DoctorFinding): string => (member === undefined ? what : `${member}: ${what}`);

/** What is alike of several members as one. */
export function alike(found: readonly DoctorFinding[]): DoctorFinding[] {
  const own = found.flatMap((finding) => (finding.member === undefined ? [] : [{ ...finding, name: finding.member }]));
  const grouped = together(own, ({ what, level, message }) => JSON.stringify([what, level, message]));
  return [...found.filter(({ member }) => member === undefined), ...grouped.map(({ name, ...finding }) => ({ ...finding, member: name }))];
}
