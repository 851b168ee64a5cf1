import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { EXIT } from '../../../sdk/src/error.ts';
import type { Entry } from '../../../plugins/dcs-plugin-sandbox/src/server/journal.ts';
import type { Arena, Fault } from './arena.ts';
import { KINDS, LATE, type Mutant } from './battery.ts';
import { changes } from './judge.ts';
import { secretsOf, type Making } from './makings.ts';
import type { Said } from './warm.ts';

/** What a command starts from and comes to, and what it asks for on the way. */
export interface Made {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly requests: readonly Asked[];
}
/** The nth request of its route. */
interface Asked {
  readonly route: string;
  readonly nth: number;
}

export interface MakingCase extends Asked {
  readonly kind: string;
  readonly times: 1 | 'forever';
}

/** Ids that differ from run to run stand open. */
const routeOf = ({ method, path }: Entry): string =>
  `${method} ${path.replaceAll(/\/(?:[a-z]+-)+(?:\d{8}|a[0-9a-f]{7})(?=\/|$)|(?<=\/operations)\/[^/]+$/g, '/:id')}`;

/** Of repeated looks at what is under way only the first: how many there are depends on the machine. */
function asked(journal: readonly Entry[]): Asked[] {
  const seen = new Map<string, number>();
  return journal.flatMap((entry) => {
    const route = routeOf(entry);
    const nth = (seen.get(route) ?? 0) + 1;
    seen.set(route, nth);
    return nth > 1 && /\/operations(\/:id)?$/.test(route) ? [] : [{ route, nth }];
  });
}

/** Every request, every kind, once and from there on for ever, whatever is asked for then. */
export const makingCases = ({ requests }: Made): MakingCase[] =>
  Object.keys(KINDS).flatMap((kind) => requests.flatMap((each) => ([1, 'forever'] as const).map((times) => ({ ...each, kind, times }))));

export const makingFault = ({ kind, route, nth, times }: MakingCase): Fault => ({
  ...KINDS[kind],
  route,
  nth,
  times,
  spreads: times === 'forever',
});

/** Without a fault: all is made, and a second run makes nothing. */
export async function cleanMaking(arena: Arena, making: Making): Promise<Made> {
  await arena.blank();
  await making.prepare(arena);
  await arena.keep();
  await arena.back();
  const before = await making.holds(arena);
  await arena.w.forget();
  const first = await arena.run(making.args, false, making.works);
  expect(first.code, `${making.name}: ${first.err}${first.out}`).to.equal(0);
  const requests = asked(await arena.journal());
  const after = await making.holds(arena);
  const second = await arena.run(making.args, false, making.works);
  expect(second.code, `${making.name}, again: ${second.err}${second.out}`).to.equal(making.nothingLeft ?? 0);
  expect(sorted(await making.holds(arena))).to.deep.equal(sorted(after));
  return { before, after, requests };
}

/** One run that meets the fault, and one that meets none. */
export async function makes(arena: Arena, making: Making, made: Made, fault: Fault, mutant: Mutant = {}): Promise<string[]> {
  await arena.back(fault);
  const ran = await arena.run(making.args, true, making.works);
  const said = mutant.said?.(ran) ?? ran;
  if (fault['kind'] === 'delay') await setTimeout(LATE);
  const journal = await arena.journal();
  await arena.calm();
  await mutant.meddles?.(arena);
  const now = await making.holds(arena);
  const values = await secretsOf(arena);
  const leaks = values.flatMap((value) => (said.out.includes(value) || said.err.includes(value) ? ['a value is printed'] : []));
  const wrong = [...misplaced(made, now), ...leaks, ...misreported(made, said, now)];
  if (said.code === 0 || !(journal.some(changes) || unlike(made.before, now).length > 0)) return wrong;
  return [...wrong, ...(await again(arena, making, made, mutant))];
}

async function again(arena: Arena, making: Making, made: Made, { neverAgain }: Mutant): Promise<string[]> {
  const left = unlike(made.after, await making.holds(arena)).length > 0;
  const right = [0, ...(left || making.nothingLeft === undefined ? [] : [making.nothingLeft])];
  const said = neverAgain ? { code: 0, out: '', err: '' } : await arena.run(making.args, false, making.works);
  const exit = right.includes(said.code) ? [] : [`the next run ends with ${said.code}: ${said.err}${said.out}`];
  return [...exit, ...unlike(made.after, await making.holds(arena)).map((each) => `after the next run: ${each}`)];
}

/** A clear error with its documented exit code, or all is done. */
function misreported(made: Made, { code, out, err }: Said, now: readonly string[]): string[] {
  const said = documentOf(out);
  if (said === undefined) return [`no document: ${out}${err}`];
  if (code === 0) return unlike(made.after, now).map((each) => `exit 0, and ${each}`);
  const { error } = said;
  // What could not be written into Doppler is told name by name.
  if (error === undefined)
    return [said.doppler].flat().some((each) => each?.exit === code) ? [] : [`exit ${code} without an error: ${out}`];
  const documented = Object.hasOwn(EXIT, error.code) && EXIT[error.code as keyof typeof EXIT] === code && error.exit === code;
  return documented && error.message.length > 10 ? [] : [`exit ${code} of ${JSON.stringify(error)}`];
}

interface Told {
  readonly error?: { readonly code: string; readonly exit: number; readonly message: string };
  readonly doppler?: { readonly exit: number } | readonly { readonly exit: number }[] | null;
}

function documentOf(out: string): Told | undefined {
  try {
    return JSON.parse(out) as Told;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const sorted = (things: readonly string[]): string[] => things.toSorted();
const countOf = (things: readonly string[], thing: string): number => things.filter((each) => each === thing).length;

/** On the way each thing is there as often as before or as afterwards. */
function misplaced({ before, after }: Made, now: readonly string[]): string[] {
  return [...new Set([...before, ...after, ...now])].flatMap((thing) => {
    const [was, will, is] = [before, after, now].map((each) => countOf(each, thing)) as [number, number, number];
    if (is > Math.max(was, will)) return [`${thing}: ${is} of ${Math.max(was, will)}`];
    return is < Math.min(was, will) ? [`${thing} is gone`] : [];
  });
}

function unlike(wanted: readonly string[], now: readonly string[]): string[] {
  return [...new Set([...wanted, ...now])].flatMap((thing) => {
    const [will, is] = [countOf(wanted, thing), countOf(now, thing)];
    return will === is ? [] : [`${thing}: ${is} of ${will}`];
  });
}
