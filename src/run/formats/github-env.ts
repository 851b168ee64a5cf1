import { randomBytes } from 'node:crypto';
import { firstReason, lines, NO_VARIABLE, NOT_TEXT, NUL, type Format } from './format.ts';

/** https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-environment-variable (last verified 2026-11-21) */
export const githubEnv: Format = {
  title: '>> "$GITHUB_ENV" in GitHub Actions',
  variables: true,
  refuses: (entry) =>
    firstReason(entry, [
      NO_VARIABLE,
      NUL,
      NOT_TEXT,
      ['is a name that GitHub keeps for itself', ({ name }) => /^(GITHUB|RUNNER)_/i.test(name)],
      ['ends in a carriage return, which the runner drops', ({ value }) => value.endsWith('\r')],
    ]),
  render: (entries) =>
    lines(entries, ({ name, value }) => {
      const end = delimiterFor(value);
      return `${name}<<${end}\n${value}\n${end}`;
    }),
};

/** Nobody who chooses a value can end it early. */
function delimiterFor(value: string): string {
  for (;;) {
    const delimiter = `dcs_${randomBytes(16).toString('hex')}`;
    if (!value.includes(delimiter)) return delimiter;
  }
}
