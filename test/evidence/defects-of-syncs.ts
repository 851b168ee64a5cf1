import { by, impossible, tested, type Defect } from './defect.ts';

const E2E = 'test/e2e';
const RUNTIME = 'runtime/test';
const OWN = 'test/evidence/defects-read.test.ts';
const LAWS = 'test/engine/laws.test.ts';
const BAD = `${E2E}/bad-input.test.ts`;
const LEAKS = `${E2E}/leaks.test.ts`;

/** Lost: what stood on a target, in a file or in Doppler. */
export const LOST: readonly Defect[] = [
  impossible(
    'D01',
    'All secrets of a target are cleared and then set again; when setting fails, nothing is left.',
    'No target can clear: it lists, and writes changes of single names (`Target` of dcs-sdk).',
    by('test/evidence/model.test.ts', 'no name is ever absent'),
    by(LAWS, 'by a target that deletes before it writes'),
  ),
  tested(
    'D02',
    'An empty answer of the source empties the target.',
    by('test/evidence/shrunken.test.ts', 'writes nothing without a consent of its own'),
    by(BAD, 'an empty config: 7 (guard: empty)'),
  ),
  tested(
    'D03',
    'A failed read of a target counts as "nothing there": a plan of creates only, a status that says connected.',
    by(OWN, 'a target that cannot be read is never shown as empty, in line or connected'),
    by(`${E2E}/bad-values.test.ts`, 'listing: 3, nothing written; then it converges'),
    by(BAD, '8, nothing written'),
  ),
  tested(
    'D04',
    'A value longer than an argument may be fails in the middle of a sync.',
    by(`${E2E}/secrets.test.ts`, 'canaries: no value in argv'),
    by(`${E2E}/bad-values.test.ts`, '64 KiB from it all the same fit a Secrets Store to the byte'),
  ),
  tested(
    'D05',
    'Killed between two steps, a sync leaves an empty target behind.',
    by(LAWS, 'hold through strangers, lost answers, crashes and lost ledgers'),
    by(BAD, 'kill -9 in the middle: the next run converges'),
  ),
  tested(
    'D06',
    'The account of the configuration is ignored: secrets go to whichever one is signed in.',
    by('test/evidence/right-target.test.ts', 'writes nothing, and names what it expected and what it found'),
    by(`${E2E}/cloudflare-commands.test.ts`, 'takes the account that is said, and refuses one out of reach'),
  ),
  tested(
    'D07',
    'Every environment writes to the same place, so that values of dev overwrite production.',
    by(`${E2E}/one-place.test.ts`, 'is refused before anything is read or written: two environments, two targets'),
    by('test/config/config.test.ts', 'a target gets only the environments it names', 'never yields a protected one to a person'),
  ),
  tested(
    'D08',
    'A git hook writes by whatever configuration the branch has that was checked out.',
    by('test/evidence/redirected.test.ts', 'writes nothing before somebody trusts it'),
    by(`${E2E}/hooks-git.test.ts`, 'redirects nothing: no write before it is trusted'),
  ),
  tested(
    'D09',
    "Installing hooks a second time loses the user's own hook, what was added to it, or its mode.",
    by(
      `${E2E}/hooks.test.ts`,
      'it comes back byte by byte with its mode',
      'what a person added to the file of dcs stays',
      'never overwrites what it put aside',
    ),
  ),
  tested(
    'D10',
    '`.git/hooks` is taken for the only place of hooks: worktrees, submodules and core.hooksPath get none.',
    by(
      `${E2E}/hook-keepers.test.ts`,
      'a worktree: one installation for all of them',
      'a submodule has hooks of its own',
      'core.hooksPath of the repository, relative',
    ),
  ),
  tested('D11', '`init --yes` overwrites a configuration that is there.', by(OWN, 'init leaves a dcs.yaml that is there as it is')),
  tested(
    'D12',
    'Two names become one on the way to a target, and one of the values is lost.',
    by(BAD, 'two names shaped into one: 2, no write at all'),
    by(`${E2E}/gcp.test.ts`, 'never gives two names one id'),
    by('plugins/dcs-plugin-firebase/test/runtime-config.test.ts', 'never makes one name of two'),
  ),
  tested(
    'D13',
    'Values lose a trailing `=` or their line ends, and the loss is reported as success.',
    by(BAD, 'values with newlines, trailing newline, emoji, quotes arrive byte for byte'),
    by('test/run/formats-files.test.ts', '.env: node --env-file', '.env: dotenv, which wrangler and Vite use too'),
  ),
  tested(
    'D14',
    'A password with `@`, `/`, `:`, `#` or `?` leads a connection to another host.',
    by(
      'plugins/dcs-plugin-neon/test/service.test.ts',
      'makes a connection string that carries any password',
      'finds the host behind a password of any kind',
    ),
  ),
  tested(
    'D15',
    'Migrations run anew each time, and SQL that fails counts as done.',
    by(
      `${E2E}/neon-migrate.test.ts`,
      'applies each file once, in the order of the numbers',
      'names file, line and SQLSTATE of bad SQL, keeps what came before and nothing of the file',
    ),
  ),
  tested(
    'D16',
    'A database that was half made is made again, and DATABASE_URL overwritten.',
    by(
      `${E2E}/neon-provision.test.ts`,
      'goes on where a request of it was cut off, and makes nothing twice',
      'never overwrites a DATABASE_URL of somebody else',
    ),
  ),
];

/** Shown: a value, a token, an environment. */
export const SHOWN: readonly Defect[] = [
  tested(
    'D17',
    'Values, keys and tokens stand in the arguments of programs, for every user of the machine to read.',
    by(`${E2E}/secrets.test.ts`, 'canaries: no value in argv', 'refuses a value on the command line'),
    by(`${E2E}/neon-provision.test.ts`, 'refuses a key as an argument'),
    by(`${E2E}/leaks-in-hand.test.ts`, 'finds a planted leak: in an argv'),
  ),
  tested(
    'D18',
    'The error of a program that failed repeats its whole command line, values included.',
    by(LEAKS, 'no value in any output, error or file'),
    by('test/doppler/auth.test.ts', 'reads the file when the program fails, and does not repeat what it printed'),
  ),
  tested(
    'D19',
    'Values lie in a temporary file that others may read, and stay there after a kill.',
    by(LEAKS, 'no value in any output, error or file'),
    by(`${E2E}/env-out.test.ts`, 'writes a file for this user only, whole or not at all'),
    by(`${E2E}/mount.test.ts`, 'is swept after a kill'),
  ),
  tested(
    'D20',
    '`run` writes to the stdout of its program, and shows the values that go through it.',
    by(
      `${E2E}/run.test.ts`,
      'gives the program the values, byte for byte, and says where it acts on stderr only',
      'masks what is no terminal, in every stream',
    ),
  ),
  tested(
    'D21',
    'During an outage an app is given its whole environment as its secrets.',
    by(`${RUNTIME}/cache.test.ts`, 'falls back to the environment only when told, only for its keys, only during an outage'),
  ),
  tested(
    'D22',
    'A secret called `constructor` is a function of the language.',
    by(`${RUNTIME}/cache.test.ts`, 'takes __proto__ for a name like any other', 'fails for a name that has no value'),
  ),
  tested(
    'D23',
    'What a server answered stands in an error message.',
    by(`${E2E}/bad-values.test.ts`, 'in Cloudflare’s own words: 4, no word repeated'),
    by('plugins/dcs-plugin-gcp/test/api.test.ts', 'maps refusals, and quotes nothing of what Google says'),
    by(`${RUNTIME}/cache.test.ts`, 'says nothing of values and tokens when it fails'),
  ),
  tested(
    'D24',
    'The security page promises what the code does not do.',
    by('test/security-page.test.ts', 'promises what a test holds, and nothing else'),
    by('test/evidence/promises.test.ts', 'names the test of every promise'),
  ),
];
