import { firstReason, lines, NO_VARIABLE, type Format } from './format.ts';

/** https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/command-line-string-limitation (last verified 2026-11-21) */
const LONGEST_LINE = 8191;
const line = (name: string, value: string): string => `@set "${name}=${value}"`;

/** cmd has no quoting: what it would expand, cut or read in another code page is refused. */
export const cmd: Format = {
  title: 'cmd.exe',
  variables: true,
  refuses: (entry) =>
    firstReason(entry, [
      NO_VARIABLE,
      ['is empty, and cmd removes such a variable', ({ value }) => value === ''],
      ['holds a line break or another control character', ({ value }) => /\p{Cc}/u.test(value)],
      ['holds a character beyond ASCII', ({ value }) => /\P{ASCII}/u.test(value)],
      ['holds one of " % !', ({ value }) => /["%!]/.test(value)],
      [`makes a line of more than ${LONGEST_LINE} characters`, ({ name, value }) => line(name, value).length > LONGEST_LINE],
    ]),
  render: (entries) => lines(entries, ({ name, value }) => line(name, value), '\r\n'),
};
