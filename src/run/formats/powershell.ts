import { firstReason, lines, NO_VARIABLE, NOT_TEXT, NUL, type Format } from './format.ts';

/**
 * One line of ASCII: PowerShell hands the output of a program on line by line, reads it in the console's code page, and takes
 * typographic quotes for quotes. https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 * (last verified 2026-11-21)
 */
function quoted(value: string): string {
  const parts = value.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? [];
  const literals = parts.map((part) => (/^[\x20-\x7e]/.test(part) ? `'${part.replaceAll("'", "''")}'` : `[char]${part.charCodeAt(0)}`));
  // A character and a character would be added as numbers.
  return literals[0]?.startsWith("'") ? literals.join('+') : ["''", ...literals].join('+');
}

export const powershell: Format = {
  title: 'PowerShell',
  variables: true,
  refuses: (entry) =>
    firstReason(entry, [NO_VARIABLE, NUL, NOT_TEXT, ['is empty, and PowerShell removes such a variable', ({ value }) => value === '']]),
  render: (entries) => lines(entries, ({ name, value }) => `$env:${name} = ${quoted(value)}`),
};
