import { DcsError, type Entry, type Environment } from 'dcs-sdk';
import type { TargetEntry } from '../config/project.ts';
import { inScope, type ShapeRules } from '../engine/shape.ts';
import { definitionOf, optionsOf, rulesOf } from '../jobs.ts';
import { refuseMixedHosts, type Session } from '../session.ts';
import type { Given } from './given.ts';

/** What a target holds, under Doppler's names. */
export interface FromTarget {
  readonly given: readonly Given[];
  /** Names whose values nobody can read there. */
  readonly unreadable: readonly string[];
  /** What cannot be brought back, one line each. */
  readonly left: readonly string[];
}

/** Reads a target of dcs.yaml, its rename and prefix undone. Names that its rules leave out are none of Doppler's. */
export async function readTarget(session: Session, environment: Environment, entry: TargetEntry): Promise<FromTarget> {
  const definition = await definitionOf(session, entry);
  const options = await optionsOf(session, entry, environment.name, definition);
  const endpoint = definition.endpoint(session.env);
  refuseMixedHosts(session.dopplerHost, [{ name: definition.title, endpoint }]);
  const target = definition.connect(options, session.context(definition.title, endpoint));
  const { entries } = await target.list(new Set());
  return fromEntries(entries, await rulesOf(session, entry), entry.name);
}

export function fromEntries(entries: readonly Entry[], rules: ShapeRules, target: string): FromTarget {
  const given: Given[] = [];
  const unreadable: string[] = [];
  const left: string[] = [];
  const seen = new Map<string, string>();
  for (const { name: there, value, locked } of entries) {
    const name = dopplersName(there, rules);
    if (name === undefined || !inScope(name, rules)) continue;
    const other = seen.get(name);
    if (other !== undefined)
      throw new DcsError('CONFIG', `${target}: ${other} and ${there} are both ${name} in Doppler.`, { why: 'Nothing was written.' });
    seen.set(name, there);
    if (rules.transforms.rules.has(name)) left.push(`${target}: ${there} is transformed on its way, which cannot be undone`);
    else if (locked !== undefined) left.push(`${target}: ${there} is no secret there (${locked})`);
    else if (value === undefined) unreadable.push(name);
    else given.push({ name, secret: value, at: target });
  }
  return { given, unreadable: unreadable.toSorted(), left };
}

/** Undefined: no name of Doppler's becomes this one. */
function dopplersName(there: string, { prefix, rename }: ShapeRules): string | undefined {
  if (!there.startsWith(prefix)) return undefined;
  const bare = there.slice(prefix.length);
  const renamed = [...rename].find(([, to]) => to === bare)?.[0];
  return renamed ?? (rename.has(bare) ? undefined : bare);
}
