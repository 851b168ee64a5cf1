import { readFile } from 'node:fs/promises';
import { DcsError, writes } from 'dcs-sdk';
import { writePrivate } from '../files.ts';
import type { LedgerKey, LedgerKeys } from './ledger-types.ts';
import type { Look } from './look.ts';

const KIND = 'dcs-plan';
const HOURS = 24;

/** A plan to be applied later, exactly: names, actions and seals; never a value. */
export interface SavedPlan {
  readonly kind: typeof KIND;
  readonly version: 1;
  readonly environment: string;
  readonly made: string;
  readonly expires: string;
  /** What it was made with: applied and compared with the same. Names are Doppler's. */
  readonly filters: PlanFilters;
  readonly targets: readonly SavedTarget[];
  /** Over everything above. */
  readonly seal: string;
}

export interface PlanFilters {
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly prune: boolean;
}

export interface SavedTarget {
  readonly name: string;
  readonly place: string;
  /** Every name the target shall hold once it is applied: HMAC of its value, or why there is none; then as the record has it. */
  readonly wanted: readonly (readonly [name: string, mac: string, recorded?: string])[];
  readonly changes: readonly { readonly action: string; readonly name: string; readonly reason: string }[];
  /** Id of the key that seals the record where the plan was made. */
  readonly recordKey: string;
  /** Over all that the plan stood on: source, settings, HMACs, the target's entries, verdicts, findings. */
  readonly seal: string;
}

/**
 * One difference in anything the plan stood on makes another seal: the plan is stale. `key`: one that every machine has, whatever
 * seals the record here. What a 304 left as HMACs of the record's key fits only where both are one.
 */
export function bind(look: Look, key: LedgerKey): string {
  const { job, listing, plan, findings, identity } = look;
  const entries = listing.entries.map(({ name, value, birth, mark, trail, locked }) => [
    name,
    value === undefined ? null : key.mac(job.place, name, value.reveal()),
    birth ?? null,
    mark ?? null,
    trail?.[0]?.id ?? null,
    locked ?? null,
  ]);
  return key.seal('plan', [
    job.place,
    listing.incarnation ?? null,
    listing.trail?.[0]?.id ?? null,
    identity?.id ?? null,
    look.source.identity,
    job.settings,
    wantedMacs(look, key),
    entries.toSorted(byName),
    plan.items.map(({ name, action, reason }) => [name, action, reason]),
    findings,
  ]);
}

/** Sorted by name. `recorded` values have the HMAC of the ledger's own key. */
export function wantedMacs({ job, shaped }: Look, key: LedgerKey): readonly (readonly [name: string, mac: string])[] {
  const macs = [...shaped.desired.names.values()].map(({ name, held }): readonly [string, string] => {
    if (held.state === 'value') return [name, key.mac(job.place, name, held.secret.reveal())];
    return [name, held.state === 'recorded' ? held.mac : held.state];
  });
  return macs.toSorted(byName);
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

function wantedOf(look: Look, key: LedgerKey): SavedTarget['wanted'] {
  const { active } = look.job.keys;
  if (active.id === key.id) return wantedMacs(look, key);
  const recorded = new Map(wantedMacs(look, active));
  return wantedMacs(look, key).map(([name, mac]) => [name, mac, recorded.get(name) ?? mac]);
}

export async function savePlan(
  file: string,
  { environment, filters }: Pick<SavedPlan, 'environment' | 'filters'>,
  looks: readonly Look[],
  key: LedgerKey,
  now: Date,
): Promise<void> {
  const body = {
    kind: KIND,
    version: 1,
    environment,
    made: now.toISOString(),
    expires: new Date(now.getTime() + HOURS * 3_600_000).toISOString(),
    filters: { only: filters.only, except: filters.except, prune: filters.prune },
    targets: looks.map((look) => ({
      name: look.job.name,
      place: look.job.place,
      wanted: wantedOf(look, key),
      changes: writes(look.plan).map(({ action, name, reason }) => ({ action, name, reason })),
      recordKey: look.job.keys.active.id,
      seal: bind(look, key),
    })),
  } as const;
  const plan: SavedPlan = { ...body, seal: key.seal('plan-file', body) };
  await writePrivate(file, `${JSON.stringify(plan, undefined, 2)}\n`);
}

/** The plan a file holds. Nothing proves yet that dcs made it: the key for that belongs to the environment it names. */
export async function readPlan(file: string): Promise<SavedPlan> {
  return parse(file, await readText(file));
}

/** Throws CONFLICT when the file was altered or made elsewhere. */
export function refuseForged(plan: SavedPlan, keys: LedgerKeys, file: string): void {
  const { seal, ...body } = plan;
  if (keys.all.some((key) => key.seal('plan-file', body) === seal)) return;
  throw new DcsError('CONFLICT', `${file} was altered, or made with another key.`, {
    why: 'A saved plan is sealed with DCS_LEDGER_KEY of the environment it was made for. Nothing was written.',
    hint: `dcs diff -e ${plan.environment} --out ${file}`,
  });
}

export const isExpired = (plan: SavedPlan, now: Date): boolean => now > new Date(plan.expires);

/** Throws CONFLICT when it is too old to be applied. */
export function refuseExpired(plan: SavedPlan, now: Date, file: string): void {
  if (!isExpired(plan, now)) return;
  throw new DcsError('CONFLICT', `${file} expired at ${plan.expires}.`, {
    why: `A saved plan holds for ${HOURS} hours. Nothing was written.`,
    hint: `dcs diff -e ${plan.environment} --out ${file}`,
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new DcsError('USAGE', `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`, {
      hint: 'dcs diff --out FILE saves a plan',
    });
  }
}

function parse(file: string, text: string): SavedPlan {
  const notAPlan = new DcsError('USAGE', `${file} is not a plan that dcs saved.`, { hint: 'dcs diff --out FILE saves a plan' });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw notAPlan; // the parser's message would quote the file
  }
  if (!isPlan(found)) throw notAPlan;
  return found;
}

const fields = (found: unknown): Partial<Record<string, unknown>> => found ?? {};
const areTexts = (...all: unknown[]): boolean => all.every((each) => typeof each === 'string');
const areLists = (...all: unknown[]): boolean => all.every(Array.isArray);

/** The shape alone; whether dcs made it shows its seal. */
function isPlan(found: unknown): found is SavedPlan {
  const { kind, version, environment, made, expires, filters, targets, seal } = fields(found);
  const { only, except } = fields(filters);
  if (kind !== KIND || version !== 1 || !areTexts(environment, made, expires, seal) || !areLists(only, except)) return false;
  return Array.isArray(targets) && targets.every(isTarget);
}

function isTarget(found: unknown): boolean {
  const { name, place, wanted, changes, recordKey, seal } = fields(found);
  return areTexts(name, place, recordKey, seal) && areLists(wanted, changes);
}

/** The targets that are not, or whose source or settings are not, what the plan stood on. */
export function staleTargets(plan: SavedPlan, looks: readonly Look[], keys: LedgerKeys): string[] {
  // It may have been made while another key was the active one.
  const fresh = new Map(looks.map((look) => [look.job.place, keys.all.map((key) => bind(look, key))]));
  return plan.targets.filter(({ place, seal }) => !fresh.get(place)?.includes(seal)).map(({ name }) => name);
}

/** Throws CONFLICT unless the fresh looks are exactly what was saved. */
export function refuseStale(plan: SavedPlan, looks: readonly Look[], keys: LedgerKeys, file: string): void {
  const stale = staleTargets(plan, looks, keys);
  if (stale.length === 0 && plan.targets.length === looks.length) return;
  throw new DcsError('CONFLICT', `The saved plan is stale: ${stale.join(', ') || 'its targets'} changed since ${plan.made}.`, {
    why: 'Doppler, the target or the settings are not what the plan was made on. Nothing was written.',
    hint: `dcs diff -e ${plan.environment} --out ${file}`,
  });
}
