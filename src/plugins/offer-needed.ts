import { OFFICIAL } from '../registry.ts';
import type { Session } from '../session.ts';
import type { Dcs } from './official.ts';

/** Before anything is read: the official plugins that targets and sources of dcs.yaml need and that are missing. `words`: as typed, none = all targets. */
export async function offerNeeded(dcs: Dcs, session: Session, words: readonly string[]): Promise<void> {
  const { project, registry } = session;
  const entries = [
    ...[...project.targets.values()].filter(({ type }) => !registry.targets.has(type)),
    ...[...project.sources.values()].filter(({ type }) => words.length > 0 && !registry.sources.has(type)),
  ].filter(({ name, type }) => words.length === 0 || words.includes(name) || words.includes(type));
  const names = [...new Set(entries.flatMap(({ type }) => OFFICIAL.get(type)?.plugin ?? []))];
  if (names.length === 0) return;
  const { offer } = await import('./offer.ts');
  await offer(
    dcs,
    names,
    `dcs.yaml names ${entries.map(({ name }) => name).join(', ')}, which ${names.join(', ')} brings.`,
    session.invocation,
  );
}
