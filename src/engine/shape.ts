import { createHash } from 'node:crypto';
import type { Held, Limits, Secrets, TargetDefinition } from 'dcs-sdk';
import type { Desired, Wanted } from './desired.ts';
import type { Transforms } from './transform/compile.ts';
import { TransformError } from './transform/error.ts';

/** Which names a target gets, what becomes of their values and what they are called there. Order: include, exclude, transform, rename, prefix. */
export interface ShapeRules {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly transforms: Transforms;
  readonly rename: ReadonlyMap<string, string>;
  readonly prefix: string;
  /** `--only` and `--except`: Doppler's names. Names they leave out are out of scope, not removed. */
  readonly only?: ReadonlySet<string>;
  readonly except?: ReadonlySet<string>;
  /** Names some plugin signs in with: they stay home unless `include` spells one out. */
  readonly credentials: ReadonlySet<string>;
  /** Into Doppler: what never leaves it may well enter. */
  readonly inward?: boolean;
}

export interface Shaped {
  readonly desired: Desired;
  /** Source names that become one here with another. */
  readonly collisions: readonly string[];
  /** Names as the target would call them that the rules leave out: never "removed". */
  readonly outOfScope: ReadonlySet<string>;
  /** Credentials and DCS_* names that stay home. */
  readonly withheld: readonly string[];
}

/** Never leave, whatever include says. */
const NEVER = /^(DOPPLER_|DCS_LEDGER)/;
export const neverLeaves = (from: string): boolean => NEVER.test(from);

export function shape(secrets: Secrets, rules: ShapeRules, definition: Pick<TargetDefinition, 'limits' | 'check'>): Shaped {
  const names = new Map<string, Wanted>();
  const met = new Map<string, string[]>();
  const outOfScope = new Set<string>();
  const withheld: string[] = [];
  const fold = (name: string): string => (definition.limits?.foldsCase ? name.toUpperCase() : name);

  for (const from of [...secrets.keys()].toSorted()) {
    const held = secrets.get(from)!;
    if (!rules.inward && neverLeaves(from)) continue;
    const name = rules.prefix + (rules.rename.get(from) ?? from);
    if (staysHome(from, rules)) withheld.push(from);
    else if (isRuled(from, rules)) {
      met.set(fold(name), [...(met.get(fold(name)) ?? []), from]);
      if (isAsked(from, rules)) {
        names.set(name, wantedOf(name, from, held, rules, definition));
        continue;
      }
    }
    outOfScope.add(name);
  }
  // What only the flags leave out stands there all the same.
  const collisions = [...met.values()].filter((all) => all.length > 1 && all.some((from) => isAsked(from, rules))).flat();
  return { desired: { names }, collisions, outOfScope, withheld };
}

/** What was transformed is what is limited, compared and written. */
function wantedOf(name: string, from: string, held: Held, { transforms }: ShapeRules, definition: Parameters<typeof shape>[2]): Wanted {
  try {
    const made: Held = held.state === 'value' ? { state: 'value', secret: transforms.apply(from, held.secret) } : held;
    const limit = limitOf(name, made, definition);
    return { name, from, held: made, ...(limit === undefined ? {} : { limit }) };
  } catch (error) {
    if (!(error instanceof TransformError)) throw error;
    return { name, from, held: { state: 'untransformed', reason: error.reason } };
  }
}

/** A credential, or dcs's own, that `include` does not spell out. */
export function staysHome(from: string, { include, credentials, inward }: ShapeRules): boolean {
  return !inward && (from.startsWith('DCS_') || credentials.has(from)) && !include.includes(from);
}

const isRuled = (from: string, { include, exclude }: ShapeRules): boolean =>
  include.some((glob) => matches(glob, from)) && !exclude.some((glob) => matches(glob, from));

const isAsked = (from: string, { only, except }: ShapeRules): boolean => (only?.has(from) ?? true) && !except?.has(from);

export const inScope = (from: string, rules: ShapeRules): boolean => isAsked(from, rules) && isRuled(from, rules);

const patterns = new Map<string, RegExp>();

/** `*` stands for any run of characters, `?` for one; names hold nothing else that globs use. */
export function matches(glob: string, name: string): boolean {
  let pattern = patterns.get(glob);
  if (!pattern) {
    const text = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    patterns.set(glob, (pattern = new RegExp(`^${text}$`, 's')));
  }
  return pattern.test(name);
}

function limitOf(name: string, held: Held, { limits, check }: Pick<TargetDefinition, 'limits' | 'check'>): string | undefined {
  const byName = nameLimit(name, limits ?? {});
  if (byName !== undefined || held.state !== 'value') return byName;
  const value = held.secret.reveal();
  if (value === '' && limits?.empty === false) return 'the platform keeps no empty value';
  const bytes = Buffer.byteLength(value);
  if (limits?.valueBytes !== undefined && bytes > limits.valueBytes) return `the value is larger than ${limits.valueBytes} bytes`;
  return check?.(name, held.secret);
}

function nameLimit(name: string, { names, reserved }: Limits): string | undefined {
  if (names && !names.test(name)) return 'the platform does not take this name';
  return reserved?.test(name) ? 'the platform reserves this name' : undefined;
}

/** Changes whenever the same source could be shaped otherwise. */
export function shapeDigest(rules: ShapeRules): string {
  const { include, exclude, transforms, rename, prefix, only, except, credentials } = rules;
  const fields = [
    include,
    exclude,
    [...transforms.rules].map(([name, steps]) => [name, steps.map(({ step }) => step)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [...rename].map(([from, to]) => `${from}=${to}`).toSorted(),
    prefix,
    only && [...only].toSorted(),
    except && [...except].toSorted(),
    [...credentials].toSorted(),
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);
}
