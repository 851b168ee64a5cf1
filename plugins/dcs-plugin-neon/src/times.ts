import { DcsError } from 'dcs-sdk';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Neon keeps no branch longer that is to end by itself. https://neon.com/docs/guides/branch-expiration (last verified 2026-11-21). */
const MOST_MS = 30 * UNITS['d']!;

/** `7d`, `12h`, `90m` from now, as Neon takes it: RFC 3339 in whole seconds. */
export function expiryIn(ttl: string, now: Date): string {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(ttl) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? NaN);
  if (!(ms > 0) || ms > MOST_MS) throw new DcsError('USAGE', `"${ttl}" is no time to live.`, { hint: '90m, 12h or 7d; 30d at most' });
  return new Date(now.getTime() + ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A moment (RFC 3339) or an LSN (`0/1A2B3C4`) of a branch's history. */
export function pointIn(text: string): { readonly timestamp: string } | { readonly lsn: string } {
  if (/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i.test(text)) return { lsn: text };
  const time = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time))
    throw new DcsError('USAGE', `"${text}" is neither a moment nor an LSN.`, { hint: '2026-11-21T10:30:00Z, or 0/1A2B3C4' });
  return { timestamp: new Date(time).toISOString() };
}
