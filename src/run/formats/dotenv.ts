import { firstReason, lines, NOT_TEXT, NUL, type Format } from './format.ts';

/**
 * A value in the one way that Node's util.parseEnv and npm's dotenv read alike; undefined where there is none. Single quotes
 * first: no reader expands anything between them. There is no escape, so each way ends where its own quote would stand in it.
 */
function written(value: string): string | undefined {
  // dotenv takes a backslash before the closing quote for an escaped quote.
  const quotable = !value.endsWith('\\');
  for (const quote of ["'", '`']) if (quotable && !value.includes(quote)) return quote + value + quote;
  // Both readers make a line break of \n between double quotes.
  if (quotable && !/"|\\[nr]/.test(value)) return `"${value}"`;
  return /^[^\s#'"`]([^#\r\n]*[^\s#])?$/.test(value) ? value : undefined;
}

export const dotenv: Format = {
  title: '.env files: dotenv, node --env-file, wrangler, Vite',
  refuses: (entry) =>
    firstReason(entry, [
      NUL,
      NOT_TEXT,
      ['is no name of a .env file', ({ name }) => !/^[A-Za-z_][\w.-]*$/.test(name)],
      // They put it into a plain object, which has no such property to set.
      ['is a name that readers of .env files lose', ({ name }) => name === '__proto__'],
      ['holds a carriage return, which readers drop', ({ value }) => value.includes('\r')],
      ['mixes quotes, line breaks and backslashes in a way that no reader takes', ({ value }) => written(value) === undefined],
    ]),
  render: (entries) => lines(entries, ({ name, value }) => `${name}=${written(value)}`),
};
