import type { Session } from '../session.ts';

/** Where a command acts, and why. Notices of dcs.yaml follow once. */
export function firstLine(session: Session, { line }: { readonly line: string }, say: (line: string) => void): void {
  say(line);
  for (const notice of [...session.user.notices, ...session.project.notices]) say(`! ${notice}`);
  say('');
}
