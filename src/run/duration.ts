import { DcsError } from 'dcs-sdk';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** `90s`, `10m`, `12h`, `7d` in ms; USAGE for anything else. */
export function duration(text: string, flag: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new DcsError('USAGE', `${flag} wants a time such as 90s, 10m, 12h or 7d.`, { hint: `${flag} 10m` });
  return Number(count) * UNITS.get(unit)!;
}

/** `3 h`: a length of time for people, in the largest unit that fits. */
export function span(ms: number): string {
  const [unit, size] = [...UNITS].findLast(([, one]) => ms >= one) ?? ['s', 1000];
  return `${Math.round(ms / size)} ${unit === 'm' ? 'min' : unit}`;
}
