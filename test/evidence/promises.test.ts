import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../e2e/world.ts';
import { empty, rows } from '../security-page.ts';
import { hasWords } from '../titles.ts';
import { evidence, stopwatch } from './evidence.ts';

/** What a page says, in its own words, and the test that holds it. */
interface Promised {
  readonly says: string;
  readonly file: string;
  readonly title: string;
}

const LAWS = 'test/engine/laws.test.ts';
const held = (says: string, file: string, title: string): Promised => ({ says, file, title });

/** What README.md says; docs/security.md names its tests itself. */
const README: readonly Promised[] = [
  held('In a clone, with Node.js 20 or newer and nothing else', 'test/node-version.test.ts', 'lets the oldest supported one in'),
  held(
    "a stranger's secret left alone, a saved plan, a stale one refused",
    'test/e2e/packed.test.ts',
    'installs plugins, shows the demo and syncs',
  ),
  held('It never deletes a name it did not create', LAWS, 'hold through strangers, lost answers, crashes and lost ledgers'),
  held('A failed read is never an empty one', 'test/evidence/defects-read.test.ts', 'is never shown as empty, in line or connected'),
  held('Nothing is cleared and set again', 'test/evidence/model.test.ts', 'no name is ever absent'),
  held('No value in arguments, output, errors, logs or temporary files', 'test/e2e/leaks.test.ts', 'no value in any output, error or file'),
  held('Killed at any point, the next run converges', LAWS, 'hold through strangers, lost answers, crashes and lost ledgers'),
  held('Each promise has a test, named in', 'test/security-page.test.ts', 'promises what a test holds, and nothing else'),
  held('refused where git would see it', 'test/e2e/env-out.test.ts', 'refuses what git tracks, or does not ignore'),
  held('without starting a process', 'test/e2e/shell.test.ts', 'starts no process for a segment'),
  held("plan first, nobody's edit lost", 'test/e2e/import.test.ts', 'an edit between plan and write is a CONFLICT'),
  held('a value is never an argument', 'test/e2e/secrets.test.ts', 'refuses a value on the command line'),
  held('exactly that, or nothing', 'test/evidence/applied.test.ts', 'does what was planned, and a plan that is stale is refused'),
  held(
    'every service of the repository; what is in sync is a count',
    'test/e2e/members.test.ts',
    'show what is not in sync, and only count the rest',
  ),
  held('With `ledger: doppler` every machine knows', 'test/e2e/shared-record.test.ts', 'the second machine plans nothing'),
  held('no stored token', 'test/workflows/ci-run.test.ts', 'signs in by the job’s own identity'),
  held('Only what [triggers]', 'test/e2e/trigger.test.ts', 'deletes nothing, adopts nothing and passes no guard'),
  held('without an account', 'test/guides/guides.test.ts', 'first-hour'),
  held('[every command](docs/commands/README.md)', 'test/manifest.test.ts', 'is what the built packages say'),
];

const ABSOLUTE = /\b(never|nothing|no|nobody|none|only|exactly|always|every|each|without|at any)\b/i;
/** Lines that say something of all cases, and are not listed. */
const unlisted = (text: string, promised: readonly Promised[]): string[] =>
  text.split('\n').filter((line) => ABSOLUTE.test(line) && !promised.some(({ says }) => line.includes(says)));
/** Listed words that the page does not have, or that no test has. */
const unheld = (text: string, promised: readonly Promised[]): string[] =>
  promised.filter(({ says, file, title }) => !text.includes(says) || title === '' || !hasWords(file, title)).map(({ says }) => says);

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

describe('what the pages promise', () => {
  it('names the test of every promise', () => {
    const seconds = stopwatch();
    const readme = read('README.md');
    expect(unlisted(readme, README)).to.deep.equal([]);
    expect(unheld(readme, README)).to.deep.equal([]);
    const security = rows(read('docs/security.md'));
    expect(empty(security)).to.deep.equal([]);

    const [first, ...others] = README as [Promised, ...Promised[]];
    const planted: readonly (readonly string[])[] = [
      unlisted(`${readme}\nIt never fails.\n`, [first, ...others]),
      unlisted(readme, others),
      unheld(readme, [{ ...first, title: 'words that no test has' }]),
      unheld(readme, [{ ...first, file: 'test/gone.test.ts' }]),
      unheld(readme, [{ ...first, says: 'what it does not say' }]),
      empty([{ promise: 'none', held: 'us' }]),
    ];
    const caught = planted.filter((found) => found.length > 0).length;
    expect(caught).to.equal(planted.length);
    const all = security.length + README.length;
    evidence(39, {
      figure: `${all} of ${all}: ${security.length} of [the security page](security.md), ${README.length} of README`,
      met: true,
      note: 'The other pages are held by their examples, which are typed, and by links to tests where a page gives figures',
      seconds: seconds(),
      planted: planted.length,
      caught,
    });
  });
});
