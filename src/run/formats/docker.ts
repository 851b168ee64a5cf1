import { firstReason, lines, NO_VARIABLE, NOT_TEXT, NUL, type Format } from './format.ts';

/** The line buffer of Docker's reader; a longer line is an error there. */
const LONGEST_LINE = 64 * 1024 - 1;

/** `docker run --env-file`: a line is a name, `=` and the value as it stands; nothing is quoted. */
export const docker: Format = {
  title: 'docker run --env-file',
  variables: true,
  refuses: (entry) =>
    firstReason(entry, [
      NO_VARIABLE,
      NUL,
      NOT_TEXT,
      ['holds a line break', ({ value }) => /[\r\n]/.test(value)],
      ['makes a line of 64 KiB or more', ({ name, value }) => Buffer.byteLength(name) + 1 + Buffer.byteLength(value) >= LONGEST_LINE],
    ]),
  render: (entries) => lines(entries, ({ name, value }) => `${name}=${value}`),
};
