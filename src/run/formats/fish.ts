import { firstReason, lines, NO_VARIABLE, NOT_TEXT, NUL, type Format } from './format.ts';

/** Read-only, or computed by fish: https://fishshell.com/docs/current/language.html#special-variables (last verified 2026-11-21) */
const OWN = /^(_|FISH_VERSION|PWD|SHLVL|argv|fish_.*|history|hostname|pipestatus|status|status_generation|umask|version)$/;

export const fish: Format = {
  title: 'fish',
  variables: true,
  refuses: (entry) =>
    firstReason(entry, [NO_VARIABLE, NUL, NOT_TEXT, ['is a name that fish keeps for itself', ({ name }) => OWN.test(name)]]),
  render: (entries) => lines(entries, ({ name, value }) => `set -gx ${name} '${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`),
};
