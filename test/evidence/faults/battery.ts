import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import type { Arena, Fault } from './arena.ts';
import { changes, cleanOf, toldOf, torn, unlike, wrongly, type Clean } from './judge.ts';
import type { Place } from './places.ts';
import type { Said } from './warm.ts';

export const LATE = 600;
/** What a request may meet. `late`: answered after dcs gave up, and done then. `lost`: done, and the answer is not. */
export const KINDS: Readonly<Record<string, Fault>> = {
  reset: { kind: 'reset' },
  late: { kind: 'delay', ms: LATE },
  429: { kind: 'status', status: 429, retryAfter: 1 },
  500: { kind: 'status', status: 500 },
  'done, 500': { kind: 'status-after-commit', status: 500 },
  502: { kind: 'html' },
  truncated: { kind: 'truncate' },
  lost: { kind: 'reset-after-commit' },
};

export interface Case {
  readonly kind: string;
  readonly nth: number;
  readonly times: 1 | 'forever';
}

export const faultOf = ({ kind, nth, times }: Case): Fault => ({ ...KINDS[kind], nth, times });

/** Every request, every kind, once and from there on for ever. */
export const casesOf = ({ requests }: Clean): Case[] =>
  Object.keys(KINDS).flatMap((kind) =>
    requests.flatMap((_, index) => ([1, 'forever'] as const).map((times) => ({ kind, nth: index + 1, times }))),
  );

/** What is wrong with a dcs, put in by hand to see whether it is noticed. */
export interface Mutant {
  readonly said?: (said: Said) => Said;
  /** After the sync that met the fault. */
  readonly meddles?: (arena: Arena) => Promise<unknown>;
  readonly neverAgain?: boolean;
}

export interface Met {
  readonly wrong: readonly string[];
  /** Names whose fate was told. */
  readonly told: number;
  readonly unknown: number;
}

/** The place as it stands before, and what a sync without a fault makes of it. */
export async function cleanRun(arena: Arena, place: Place): Promise<Clean> {
  await arena.blank();
  await place.prepare(arena);
  await arena.keep();
  await arena.back();
  const before = await place.holds(arena);
  await arena.w.forget();
  const { code, err, out } = await arena.run(place.sync, false);
  expect(code, err + out).to.equal(0);
  const requests = await arena.journal();
  return cleanOf(before, await place.holds(arena), requests, await place.versions?.(arena));
}

/** One sync that meets the fault, and one that meets none. */
export async function meets(arena: Arena, place: Place, clean: Clean, fault: Fault, mutant: Mutant = {}): Promise<Met> {
  await arena.back(fault);
  const ran = await arena.run(place.sync, true);
  const said = mutant.said?.(ran) ?? ran;
  if (fault['kind'] === 'delay') await setTimeout(LATE);
  const journal = await arena.journal();
  await arena.calm();
  await mutant.meddles?.(arena);
  const now = await place.holds(arena);
  const wrong = [...torn(clean, now), ...wrongly(place, clean, said, now, journal)];
  if (journal.some(changes)) wrong.push(...(await again(arena, place, clean, mutant)));
  const results = [...toldOf(said, clean).values()];
  return { wrong, told: results.length, unknown: results.filter((each) => each === 'unknown').length };
}

async function again(arena: Arena, place: Place, clean: Clean, { neverAgain }: Mutant): Promise<string[]> {
  const said = neverAgain ? { code: 0, out: '{}', err: '', givenUp: 0 } : await arena.run(place.sync, false);
  const exit = said.code === 0 ? [] : [`the next sync ends with ${said.code}: ${said.err}${said.out}`];
  return [...exit, ...unlike(clean, await place.holds(arena), await place.versions?.(arena), said)];
}
