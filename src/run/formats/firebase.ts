import { firstReason, lines, NOT_TEXT, NUL, type Format } from './format.ts';

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\\': '\\\\', '"': '\\"' };

/**
 * A value as the Firebase CLI reads it: between double quotes with escapes. A backslash before the closing quote would escape it,
 * so such a value stands without quotes, where it can; backticks, which other readers take, are part of the value here.
 * firebase-tools 15.34.2 (its lib/functions/env.js), last verified 2026-11-21.
 */
function written(value: string): string | undefined {
  if (!value.endsWith('\\')) return `"${value.replaceAll(/[\n\r\\"]/g, (character) => ESCAPES[character]!)}"`;
  return /^[^'"#\r\n][^#\r\n]*$/.test(value) && value.trim() === value ? value : undefined;
}

export const firebase: Format = {
  title: '.secret.local and .env.local of the Firebase emulators',
  refuses: (entry) =>
    firstReason(entry, [
      NUL,
      NOT_TEXT,
      ['is no name that Firebase takes', ({ name }) => !/^[A-Z_][A-Z0-9_]*$/.test(name) || /^(X_GOOGLE_|FIREBASE_|EXT_|KIT_)/.test(name)],
      ['ends in a backslash, and holds what needs quotes', ({ value }) => written(value) === undefined],
    ]),
  render: (entries) => lines(entries, ({ name, value }) => `${name}=${written(value)}`),
};
