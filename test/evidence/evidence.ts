import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a proof measured, for docs/evidence.md. */
export interface Evidence {
  /** `10,000 sequences: 0 foreign deletions`. */
  readonly figure: string;
  readonly met: boolean;
  /** Why it is not met, or what it does not cover. */
  readonly note?: string;
  readonly seed?: number;
  readonly seconds: number;
  /** Faults planted to see whether the proof can fail, and how many of them it found. */
  readonly planted: number;
  readonly caught: number;
}

export const RESULTS = fileURLToPath(new URL('results', import.meta.url));

/** `npm run evidence` measures at full size; `npm test` runs the same at a size that fits. */
export const FULL = process.env['DCS_EVIDENCE'] !== undefined;
export const sized = (usual: number, full: number): number => (FULL ? full : usual);

/** Keeps what a proof measured of one row of rows.ts, where it ran at full size. */
export function evidence(row: number, measured: Evidence): void {
  if (!FULL) return;
  mkdirSync(RESULTS, { recursive: true });
  const kept = { ...measured, seconds: Math.round(measured.seconds), date: new Date().toISOString().slice(0, 10) };
  writeFileSync(join(RESULTS, `${String(row).padStart(2, '0')}.json`), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** Seconds since then. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
