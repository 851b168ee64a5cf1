import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REASONS } from './reasons.mjs';
import { ROOMS } from './rooms.mjs';

export const resultOf = (name) => fileURLToPath(new URL(`results/${name}.json`, import.meta.url));

/**
 * What was measured of each room: `mutants`, `killed` and `same` (those that do what the source does) of all its files, and the
 * survivors with the reason that REASONS has.
 */
export function measured() {
  return Object.entries(ROOMS).map(([name, { least }]) => {
    if (!existsSync(resultOf(name))) return { name, least };
    const { files, survivors, seconds, date } = JSON.parse(readFileSync(resultOf(name), 'utf8'));
    const told = survivors.map((one) => ({ ...one, why: REASONS.find((reason) => fits(reason, one))?.why }));
    const rows = Object.entries(files)
      .map(([file, { killed, timeout, survived }]) => ({
        file,
        mutants: killed + timeout + survived,
        killed: killed + timeout,
        same: told.filter((one) => one.file === file && one.why !== undefined).length,
      }))
      .toSorted((a, b) => (a.file < b.file ? -1 : 1));
    const sum = (key) => rows.reduce((all, row) => all + row[key], 0);
    return { name, least, rows, mutants: sum('mutants'), killed: sum('killed'), same: sum('same'), survivors: told, seconds, date };
  });
}

/** Reasons of mutants that are noticed, or are not there any more. */
export function unused() {
  const survivors = measured().flatMap((room) => room.survivors ?? []);
  return REASONS.flatMap(({ file, line, mutants }) =>
    mutants
      .filter((one) => !survivors.some((survivor) => fits({ file, line, mutants: [one] }, survivor)))
      .map(([original, replacement]) => `${file}: ${original} -> ${replacement}`),
  );
}

/** A reason is of single mutants of one line of a file. */
const fits = ({ file, line, mutants }, one) =>
  one.file === file &&
  one.within === line &&
  mutants.some(([original, replacement]) => short(one.original) === original && short(one.replacement) === replacement);

/** White space aside, and cut. */
export const short = (text) => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
};

/** Percent of all mutants that are noticed; without `same`: of those that do something else. */
export const percent = ({ killed, mutants }, same = 0) => ((100 * killed) / (mutants - same)).toFixed(1);

const code = (text) => `\`\` ${short(text).replaceAll('|', '\\|')} \`\``;

/** docs/mutation.md as the results have it. */
export function page() {
  const rooms = measured();
  const scores = rooms.flatMap(({ name, rows, least }) =>
    rows === undefined
      ? [`| ${name} | | not measured | | | | at least ${least} % |`]
      : rows.map(
          (row) =>
            `| ${name} | ${row.file} | ${row.mutants} | ${percent(row)} % | ${row.same} | ${percent(row, row.same)} % | at least ${least} % |`,
        ),
  );
  const survivors = rooms
    .flatMap(({ survivors: all = [] }) => all)
    .map(
      ({ file, line, original, replacement, why }) =>
        `| ${file}:${line} | ${code(original)} | ${code(replacement)} | ${why ?? '**open**'} |`,
    );
  return `# Mutation testing

\`npm run mutation\` breaks the sources below in every small way that Stryker knows, one at a time, and looks whether a test notices. What errors say in words is left out: its tests would
only quote messages. \`npm run mutation -- mask plan\` measures single rooms. A mutant that never ends counts as noticed.

Some mutants do what the source does, at most at another speed or with more memory: no test of what dcs does can tell them from it. Each of them stands below with its reason. The target
is for the others; the share of all mutants stands beside it.

| room | file | mutants | noticed of all | do the same | noticed of the others | target |
|---|---|---|---|---|---|---|
${scores.join('\n')}

## What no test notices

| place | source | mutant | why |
|---|---|---|---|
${survivors.join('\n')}
`;
}
