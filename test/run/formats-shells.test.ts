import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { FORMATS } from '../../src/run/formats/index.ts';
import type { FormatName } from '../../src/run/formats/names.ts';
import { entries, NASTY, written } from './nasty.ts';

const folder = mkdtempSync(join(tmpdir(), 'dcs-shells-'));
const PATH = process.env['PATH'] ?? '';
const present = (program: string): boolean => PATH.split(delimiter).some((one) => existsSync(join(one, program)));

interface Shell {
  readonly kind: FormatName;
  readonly program: string;
  readonly args: (file: string) => string[];
  /** Its own variables, one a line. */
  readonly own?: string;
  readonly set?: (name: string) => string;
}

const DUMP = `'${process.execPath}' -e 'process.stdout.write(JSON.stringify(process.env))'`;
const eager = (extra: string[], file: string): string[] => [...extra, '-c', `eval "$(cat '${file}')"; ${DUMP}`];
const SHELLS: readonly Shell[] = [
  { kind: 'bash', program: 'bash', args: (file) => eager(['--norc', '-O', 'extglob'], file), own: 'compgen -v' },
  { kind: 'bash', program: 'sh', args: (file) => eager([], file) },
  { kind: 'zsh', program: 'zsh', args: (file) => eager(['-f'], file), own: 'print -l ${(k)parameters}' },
  { kind: 'zsh', program: 'zsh', args: (file) => eager(['-f', '-o', 'rcquotes', '-o', 'extendedglob'], file) },
  { kind: 'fish', program: 'fish', args: (file) => ['-N', '-c', `cat '${file}' | source; ${DUMP}`], own: 'set -n' },
  {
    kind: 'powershell',
    program: 'pwsh',
    args: (file) => ['-NoProfile', '-Command', `Get-Content '${file}' | Invoke-Expression; ${DUMP.replace("'", "& '")}`],
  },
];

function run({ program, args }: Shell, text: string): Map<string, string> {
  const file = join(folder, 'exports');
  writeFileSync(file, text);
  const { stdout, stderr, status } = spawnSync(program, args(file), {
    cwd: folder,
    env: { PATH, HOME: folder, TERM: 'dumb' },
    encoding: 'utf8',
  });
  expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, string>));
}

describe('exports, read by the shells themselves', function () {
  this.timeout(120_000);
  for (const shell of SHELLS)
    describe(`${shell.program} ${shell.args('').slice(0, -2).join(' ')}`.trim(), () => {
      before(function () {
        if (present(shell.program)) return;
        // CI installs what can be installed.
        if (shell.program === 'pwsh' || !process.env['CI']) return this.skip();
        throw new Error(`${shell.program} is not installed: apt-get install ${shell.program}`);
      });

      const back = (all: ReadonlyMap<string, string>): void => {
        const { held, text } = written(shell.kind, all);
        const found = run(shell, text);
        for (const [name, value] of held) expect(found.get(name), JSON.stringify(value)).to.equal(value);
      };

      it('give nasty values back byte for byte', () => {
        back(new Map(NASTY.map((value, index) => [`NAME_${index}`, value])));
        expect(existsSync(join(folder, 'pwned'))).to.equal(false);
      });

      it('give any value back byte for byte', () => {
        fc.assert(fc.property(entries, back), { numRuns: 25 });
      });

      if (shell.own !== undefined)
        it('have a value for every name that is not refused, also for one the shell knows', () => {
          const { stdout } = spawnSync(shell.program, ['-c', shell.own!], { env: { PATH, HOME: folder }, encoding: 'utf8' });
          // Under coverage Node hands its own variable to every child, and makes a path of whatever stands in it.
          const names = stdout.split('\n').filter((name) => /^\w+$/.test(name) && !['PATH', 'NODE_V8_COVERAGE'].includes(name));
          expect(names.length).to.be.greaterThan(20);
          back(new Map(names.map((name) => [name, 'a value'])));
        });
    });
});

describe('lines for shells that this machine may lack', () => {
  const line = (kind: FormatName, value: string): string => written(kind, new Map([['NAME', value]])).text;

  it('PowerShell: ASCII on one line, whatever the value', () => {
    fc.assert(
      fc.property(entries, (all) => {
        const { held, text } = written('powershell', all);
        expect(text).to.match(/^([\x20-\x7e]+\n)*$/);
        expect(text.split('\n')).to.have.length(held.size + 1);
      }),
    );
    expect(line('powershell', "it's\n\u2019x")).to.equal("$env:NAME = 'it''s'+[char]10+[char]8217+'x'\n");
    expect(line('powershell', '\n')).to.equal("$env:NAME = ''+[char]10\n");
  });

  it('cmd: what it cannot quote is refused, with a reason that quotes nothing', () => {
    expect(line('cmd', 'a&b ^c|d')).to.equal('@set "NAME=a&b ^c|d"\r\n');
    for (const value of ['', 'a"b', '%PATH%', 'a!b', 'a\nb', 'é', 'x'.repeat(9000)])
      expect(FORMATS.cmd.refuses({ name: 'NAME', value }), value)
        .to.be.a('string')
        .and.not.to.contain('PATH');
  });
});
