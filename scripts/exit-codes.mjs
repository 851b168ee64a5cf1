// Which exit codes a command can end with: docs/commands and test/command-surface.json. test/exit-codes.test.ts looks whether it is true.

const ANY = [0, 1, 64, 130];
/** Pages and lists out of the program itself. */
const ASKS_NOTHING = /^(help(:|$)|shell:init$)/;
/** They read and write files of this machine and ask no server. */
const LOCAL = /^(plugins(:(inspect|link|uninstall))?$|home|targets|trust|untrust|logout|cache:|config:|shell:|sandbox:|hooks:)/;

/** @returns {{codes: number[], more: string[]}} sorted codes, and what flags make of them */
export function exits(id, { flags }) {
  if (id === 'run' || id === 'serve')
    return { codes: [125, 126, 127, 130], more: ["else the program's own; 128+n when signal n ended it"] };
  if (id === 'hooks:run') return { codes: ANY, more: ['with `--gate` 2: something is behind or drifted'] };
  if (id === 'update')
    return { codes: [0, 1, 2, 6, 7, 8, 64, 130], more: ['7 also where npm, Homebrew or git brought dcs: Try says what to type'] };
  const codes = new Set(ANY);
  const more = [];
  if (!ASKS_NOTHING.test(id)) for (const code of [2, 6]) codes.add(code);
  if (!ASKS_NOTHING.test(id) && !LOCAL.test(id)) for (const code of [3, 4, 8]) codes.add(code);
  if (flags.yes) for (const code of [5, 7]) codes.add(code);
  if (flags.reveal || flags.allow || id === 'login' || id === 'shell:export' || id === 'redact' || id === 'hooks:install') codes.add(7);
  if (id === 'reconcile') for (const code of [5, 7]) codes.add(code);
  if (flags['exit-code']) more.push('with `--exit-code` exactly 0, 2 and 1: none, found, anything wrong');
  return { codes: [...codes].toSorted((a, b) => a - b), more };
}
