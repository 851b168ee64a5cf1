import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './world.mjs';

const INTRO = `# Conformance

Written by \`npm run test:conformance\`; not edited by hand. It is not part of \`npm test\`: its first run installs the vendors' clients.

The sandbox stands in for the clouds in every other test. Here the vendors' own clients work against it, and the
requests of \`dcs\` are held against descriptions of the vendors' APIs; of Google's, the clients' requests and the
sandbox's answers too. Nothing here has been run against a live account.

- **same**: the client did its work on the sandbox and the result was checked.
- **DIFFERS**: the client failed, or its result was another one; the remark says how.
- **known**: it differs, and the remark says why that stays.
- **not run**: the remark says why.
`;

const count = (record, result) => record.rows.filter((row) => row.result === result).length;

export function tally(records) {
  const sum = (result) => records.reduce((all, record) => all + count(record, result), 0);
  return { same: sum('same'), differs: sum('DIFFERS'), known: sum('known'), notRun: sum('not run') };
}

function section(record) {
  const rows = record.rows.map(({ operation, result, remark }) => `| ${operation} | ${result} | ${remark} |`);
  const notes = record.notes.map((note) => `- ${note}`);
  return [
    `## ${[record.client, record.version].filter(Boolean).join(' ')}`,
    '',
    '| Operation | Result | Remark |',
    '|---|---|---|',
    ...rows,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

export async function write(records) {
  const { same, differs, known, notRun } = tally(records);
  const last = `Last run: ${new Date().toISOString().slice(0, 10)}, Node ${process.version}: ${same} same, ${differs} differ, ${known} known differences, ${notRun} not run.\n`;
  await writeFile(join(ROOT, 'docs', 'conformance.md'), [INTRO, last, ...records.map(section)].join('\n'));
}
