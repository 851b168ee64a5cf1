import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { REASONS } from './reasons.mjs';
import { ROOMS } from './rooms.mjs';

export const resultOf = (name) => fileURLToPath(new URL(`results/${name}.json`, import.meta.url));

/** What was measured of each room: `mutants` and `killed` of all its files, and the survivors with the reason that REASONS has. */
export function measured() {
  return Object.entries(ROOMS).map(([name, { least }]) => {
    if (!existsSync(resultOf(name))) return { name, least };
    const { files, survivors, seconds, date } = JSON.parse(readFileSync(resultOf(name), 'utf8'));
    const rows = Object.entries(files)
      .map(([file, { killed, timeout, survived }]) => ({ file, mutants: killed + timeout + survived, killed: killed + timeout }))
      .toSorted((a, b) => (a.file < b.file ? -1 : 1));
    const sum = (key) => rows.reduce((all, row) => all + row[key], 0);
    const told = survivors.map((one) => ({ ...one, why: REASONS.find((reason) => fits(reason, one))?.why }));
    return { name, least, rows, mutants: sum('mutants'), killed: sum('killed'), survivors: told, seconds, date };
  });
}

const fits = ({ file, original, mutator }, one) =>
  one.file.endsWith(file) &&
  (original === undefined || one.original.includes(original)) &&
  (mutator === undefined || mutator === one.mutator);

export const percent = ({ killed, mutants }) => ((100 * killed) / mutants).toFixed(1);

const code = (text) => {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');
  return `\`\` ${line.length > 90 ? `${line.slice(0, 90)}…` : line} \`\``;
};

/** docs/mutation.md as the results have it. */
export function page() {
  const rooms = measured();
  const scores = rooms.flatMap((room) =>
    room.rows === undefined
      ? [`| ${room.name} | | not measured | | at least ${room.least} % |`]
      : room.rows.map((row) => `| ${room.name} | ${row.file} | ${row.mutants} | ${percent(row)} % | at least ${room.least} % |`),
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

| room | file | mutants | noticed | target |
|---|---|---|---|---|
${scores.join('\n')}

## What no test notices

\`open\`: nobody has said yet why that is so, or a test that came after the measurement may notice it.

| place | source | mutant | why |
|---|---|---|---|
${survivors.join('\n')}
`;
}
