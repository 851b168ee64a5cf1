import { styleText } from 'node:util';

/** Colour for a symbol and its word only; none where the stream is no terminal or NO_COLOR is set. */
export interface Style {
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  bold(text: string): string;
}

export function styleFor(stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): Style {
  const on = !env['NO_COLOR'] && (env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : stream.isTTY);
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    on ? styleText(format, text, { validateStream: false }) : text;
  return { green: paint('green'), yellow: paint('yellow'), red: paint('red'), bold: paint('bold') };
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** A name that somebody else chose, as it can stand on a line: what would steer the terminal is spelt out. */
export const printable = (name: string): string =>
  name.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);

/** Pads every cell but a row's last to its column's width. */
export function table(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]! + gap)))
      .join('')
      .trimEnd(),
  );
}

const DAY = 86_400_000;

/** `3 days ago` up to 30 days, then the date. */
export function ago(iso: string, now: Date): string {
  const ms = now.getTime() - new Date(iso).getTime();
  const units: [number, string][] = [
    [DAY, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ];
  if (ms > 30 * DAY) return iso.slice(0, 10);
  for (const [size, unit] of units) if (ms >= size) return `${plural(Math.floor(ms / size), unit)} ago`;
  return 'just now';
}
