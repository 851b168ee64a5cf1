const AROUND = 2;

/** What changes in a file, a line each, with two lines around: `+ new`, `- old`, `  same`. */
export function fileDiff(before: string, after: string): string[] {
  const rows = compared(before.split(/\r?\n/), after.split(/\r?\n/));
  const shown = rows.map((_, index) => rows.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ sign }) => sign !== ' '));
  const lines: string[] = [];
  for (const [index, { sign, line }] of rows.entries()) {
    if (shown[index]) lines.push(`${sign} ${line}`.trimEnd());
    else if (shown[index - 1] && rows.slice(index).some((_, later) => shown[index + later])) lines.push('  ...');
  }
  return lines;
}

interface Row {
  readonly sign: ' ' | '+' | '-';
  readonly line: string;
}

/** By the longest common run of lines: files that people write are short. */
function compared(before: readonly string[], after: readonly string[]): Row[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let a = before.length - 1; a >= 0; a--)
    for (let b = after.length - 1; b >= 0; b--)
      lengths[a]![b] = before[a] === after[b] ? lengths[a + 1]![b + 1]! + 1 : Math.max(lengths[a + 1]![b]!, lengths[a]![b + 1]!);
  const rows: Row[] = [];
  let a = 0;
  let b = 0;
  while (a < before.length || b < after.length) {
    if (a < before.length && b < after.length && before[a] === after[b]) {
      rows.push({ sign: ' ', line: before[a++]! });
      b++;
    } else if (b === after.length || (a < before.length && lengths[a + 1]![b]! >= lengths[a]![b + 1]!))
      rows.push({ sign: '-', line: before[a++]! });
    else rows.push({ sign: '+', line: after[b++]! });
  }
  return rows;
}
