import { looksAt } from './many.ts';
import type { Session } from './session.ts';
import { targetsOf, type Undo } from './undo.ts';

/**
 * Where a platform keeps whole versions and nothing but secrets changed since, its own command brings the former one back at once.
 * It is offered, not run: Doppler would still hold the new values, and the next sync would bring them again.
 */
export async function rollbackLines(session: Session, { entries, environment }: Undo): Promise<string[]> {
  const words = targetsOf(entries);
  if (words.length === 0) return [];
  const looks = await looksAt(session, environment, words);
  return looks.flatMap(({ job, listing }) => {
    const before = entries.find(({ place }) => place === job.place)?.revision?.before;
    const trail = listing.trail ?? [];
    const at = before === undefined ? -1 : trail.findIndex(({ id }) => id === before);
    const command = at > 0 && trail.slice(0, at).every(({ touches }) => touches !== false) ? job.target.rollback?.(before!) : undefined;
    return command === undefined ? [] : [`Or    ${command}     at once, ${job.name} only; Doppler keeps the new values`];
  });
}
