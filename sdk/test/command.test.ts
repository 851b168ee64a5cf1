import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { errorLines, wrap } from '../src/error-text.ts';
import { DcsError, EXIT, type ErrorCode } from '../src/error.ts';

// oclif's own exit codes are mapped there.
const { oclif } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { oclif: { exitCodes: unknown } };
const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url));

describe('DcsCommand', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'dcs-probe-'));
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ name: 'probe', version: '1.0.0', oclif: { bin: 'dcs', exitCodes: oclif.exitCodes } }),
    );
  });
  after(() => rmSync(root, { recursive: true }));
  const run = async (...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const child = spawn(process.execPath, ['--no-warnings', PROBE, root, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { code, stdout, stderr };
  };

  it('prints what failed, why, what to try and the reference, on stderr', async () => {
    expect(await run('NETWORK')).to.deep.equal({
      code: 8,
      stdout: '',
      stderr: [
        '✗ NETWORK  The write failed.',
        '  Why   The account did not answer in time although dcs asked for it five',
        '        times, and so nothing at all was written to it.',
        '  Try   dcs doctor',
        '        dcs sync',
        '  Ref   ray-1',
        '',
      ].join('\n'),
    });
  });
  it('prints one document under --json, the error too', async () => {
    const { code, stdout, stderr } = await run('AUTH', '--json');
    expect([code, stderr]).to.deep.equal([3, '']);
    const { error, schema } = JSON.parse(stdout) as { schema: number; error: Record<string, unknown> };
    expect(schema).to.equal(1);
    expect(error).to.deep.include({ code: 'AUTH', exit: 3, message: 'The write failed.', try: ['dcs doctor', 'dcs sync'], ref: 'ray-1' });
  });
  it('prints lines, or one document', async () => {
    expect(await run('NONE')).to.deep.equal({ code: 0, stdout: 'one\ntwo\n', stderr: '' });
    expect(JSON.parse((await run('NONE', '--json')).stdout)).to.deep.equal({ schema: 1, done: 2 });
  });
  it('refuses a value for a boolean, which would else mean yes', async () => {
    for (const words of [['--yes=no'], ['--quiet=false'], ['--file', 'x', '--yes=']]) {
      const { code, stderr } = await run('NONE', ...words);
      expect([code, stderr.split('\n')[0]], words.join()).to.deep.equal([
        64,
        `✗ USAGE  --${words.includes('--quiet=false') ? 'quiet' : 'yes'} takes no value.`,
      ]);
    }
    expect((await run('NONE', '--file=no', '--', '--yes=no')).code).to.equal(0);
  });
  it('says 64 to words it cannot read, in one line of oclif', async () => {
    for (const [words, message] of [
      [['--file'], 'Flag --file expects a value'],
      [['--nope'], 'Nonexistent flag: --nope'],
      [['--late', 'x'], 'All of the following must be provided when using --late: --file'],
      [['--kind', 'sesame'], 'Expected --kind to be one of: one, two'],
      [['--kind', 'a\n to be one of: b'], 'Expected --kind to be one of: one, two'],
      [['--count', 'sesame'], '--count: Expected an integer'],
      [['--count', '12'], '--count: Expected an integer less than or equal to 9'],
    ] as const)
      expect(await run('NONE', ...words)).to.deep.equal({
        code: 64,
        stdout: '',
        stderr: `✗ USAGE  ${message}\n  Try   the same with --help\n`,
      });
  });
  it('keeps the message of a bug to itself, but for --verbose', async () => {
    const quiet = await run('BUG');
    expect(quiet.code).to.equal(1);
    expect(quiet.stderr)
      .to.match(/^✗ BUG {2}TypeError .*--verbose/)
      .and.match(/^\s+at .*probe\.ts/m)
      .and.not.contain('sesame');
    expect((await run('BUG', '--verbose')).stderr).to.match(/^✗ BUG {2}TypeError: cannot parse sesame\n/);
    const json = await run('BUG', '--json');
    expect(json.stdout + json.stderr).to.not.contain('sesame');
    expect(JSON.parse(json.stdout)).to.deep.equal({ schema: 1, error: { code: 'BUG', exit: 1, message: 'unexpected error' } });
  });
  it('ends as its error says', async () => {
    const codes = Object.keys(EXIT) as ErrorCode[];
    const ends = await Promise.all(codes.map(async (code) => [code, (await run(code)).code] as const));
    expect(Object.fromEntries(ends)).to.deep.equal({
      CONFIG: 2,
      AUTH: 3,
      TARGET: 4,
      PARTIAL: 5,
      CONFLICT: 6,
      REFUSED: 7,
      NETWORK: 8,
      USAGE: 64,
      INTERRUPTED: 130,
    });
  });
});

describe('an error as text', () => {
  it('stays within 80 columns, but never breaks a word', () => {
    const why = `${'word '.repeat(60)}/a/${'path'.repeat(30)} end`;
    const lines = errorLines(new DcsError('CONFIG', 'no', { why }), false).slice(1);
    for (const line of lines) expect(line.length <= 80 || line.includes('/a/'), line).to.equal(true);
    expect(lines.map((line) => line.slice(8)).join(' ')).to.equal(why);
    expect(wrap('a'.repeat(71), 8)).to.have.length(1);
    expect(wrap(`${'a'.repeat(69)} b`, 8)).to.have.length(1);
    expect(wrap(`${'a'.repeat(70)} b`, 8)).to.have.length(2);
  });
  it('leaves out the labels it has nothing for', () => {
    expect(errorLines(new DcsError('CONFIG', 'No.'), true)).to.deep.equal(['✗ CONFIG  No.']);
  });
  it('survives what is no error', () => {
    for (const thrown of ['sesame', undefined, null, { a: 'sesame' }])
      expect(errorLines(thrown, false).join('\n'))
        .to.match(/^✗ BUG/)
        .and.not.contain('sesame');
  });
});
