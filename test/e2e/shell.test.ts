import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROGRAM, script, SHORT, shells, source, THERE, type Shell, type Shells } from './shells.ts';

describe('dcs shell', () => {
  let w: Shells;
  before(async () => {
    w = await shells();
  });
  after(() => w.close());
  afterEach(() => w.head('work'));

  it('has the names of the first version', () => {
    const said: readonly (readonly [string, string])[] = [
      ['dcss api --dry-run', '<sync> <api> <--dry-run>'],
      ['dcst', '<status>'],
      ['dcsd -e staging', '<diff> <-e> <staging>'],
      ['dcsr npm test', '<run> <--> <npm> <test>'],
      ['dcsr -e staging -- npm test', '<run> <-e> <staging> <--> <npm> <test>'],
      ['dcs-dev', '<sync> <-e> <dev>'],
      ['dcs-stg "a b"', '<sync> <-e> <stg> <a b>'],
      ['dcs-prd --dry-run', '<sync> <-e> <prd> <--dry-run>'],
      ['dcs-context', '<context>'],
      ['dcs-init --yes', '<init> <--yes>'],
      ['dcs-hooks', '<hooks> <install>'],
      ['dcs-hooks status', '<hooks> <status>'],
      ['dsync', '<sync>'],
      ['drun env', '<run> <--> <env>'],
    ];
    for (const shell of THERE) {
      const { out, err } = w.inShell(shell, said.map(([line]) => line).join('\n'));
      expect(err, shell).to.equal('');
      expect(
        out
          .replaceAll(/ pairs=.*/g, '')
          .trimEnd()
          .split('\n'),
        shell,
      ).to.deep.equal(said.map(([, words]) => `dcs: ${words}`));
    }
  });

  it('dcs-root goes to the folder of dcs.yaml, dnew makes one', async () => {
    await w.yaml(SHORT);
    const deep = join(w.project, 'a', 'b');
    mkdirSync(deep, { recursive: true });
    for (const shell of THERE) {
      expect(w.inShell(shell, 'dcs-root\npwd', {}, deep).out.trim(), shell).to.equal(w.project);
      expect(w.inShell(shell, 'dcs-root', {}, w.home).err, shell).to.include('No dcs.yaml here or above.');
      const made = w.inShell(shell, `dnew 'new ${shell}' --yes\npwd`, {}, w.home).out;
      expect(made, shell)
        .to.include('dcs: <init> <--yes>')
        .and.to.include(join(w.home, `new ${shell}`));
      rmSync(join(w.home, `new ${shell}`), { recursive: true });
    }
  });

  it('leaves taken names, options and a second sourcing alone', async () => {
    await w.yaml(SHORT);
    w.head('staging');
    await w.tell();
    const strict: Partial<Record<Shell, string>> = {
      bash: 'set -euo pipefail; shopt -s nocasematch; IFS=e; set -f',
      zsh: 'setopt err_exit no_unset ksh_arrays sh_word_split warn_create_global',
    };
    const mine: Partial<Record<Shell, string>> = {
      bash: 'dsync() { echo mine; }; shopt -s expand_aliases; alias drun="echo mine"',
      zsh: 'dsync() { echo mine; }; alias drun="echo mine"',
      fish: 'function dsync; echo mine; end; function drun; echo mine; end',
    };
    for (const shell of THERE.filter((one) => one !== 'powershell')) {
      const [program, ...args] = PROGRAM[shell];
      const text = [
        strict[shell] ?? '',
        mine[shell],
        source(w, shell),
        source(w, shell),
        'dcs_prompt_info; echo',
        '_dcs_hook',
        '_dcs_hook',
        'dsync',
        'eval drun',
      ];
      const ran = spawnSync(program!, [...args, text.join('\n')], { cwd: w.project, env: w.base, encoding: 'utf8' });
      expect(ran.stderr, shell).to.equal('[dcs] staging SANDBOX\n');
      expect(ran.stdout, shell).to.equal('[dcs:staging SANDBOX] \nmine\nmine\n');
      expect(ran.status, shell).to.equal(0);
      expect(w.inShell(shell, '_dcs_hook', { DCS_QUIET: '1' }).err, shell).to.equal('');
    }
  });

  it('a trace of bash and zsh shows no token', async () => {
    await w.yaml(SHORT);
    await w.tell();
    const token = 'dp.st.stg.SeCreT0123456789';
    for (const shell of THERE.filter((one) => one === 'bash' || one === 'zsh')) {
      const { out, err } = w.inShell(shell, 'set -x\n_dcs_look\necho "still $-"', { DOPPLER_TOKEN: token });
      expect(err, shell).to.include('_dcs_look').and.not.to.include(token);
      expect(out, shell).to.match(/still .*x/);
    }
  });

  it('keeps the prompt of others and the status of the last command, and starts no process for a segment', async () => {
    await w.yaml(SHORT);
    w.head('staging');
    await w.tell();
    const bash = (text: string): string =>
      execFileSync('bash', ['--norc', '--noprofile', '-c', text], { cwd: w.project, env: { ...w.base, DCS_QUIET: '1' }, encoding: 'utf8' });
    for (const before of ["PROMPT_COMMAND='echo mine $?'", "PROMPT_COMMAND=('echo mine $?' 'echo two')"]) {
      const many = before.includes('(') ? 'mine 1\ntwo\n' : 'mine 1\n';
      const run = 'for c in "${PROMPT_COMMAND[@]}"; do (exit 1); eval "$c"; done';
      const undo = (await w.dcs(['shell', 'uninstall', 'bash'])).out;
      writeFileSync(join(w.home, 'undo.bash'), undo);
      expect(bash(`${before}; ${source(w, 'bash')}; ${source(w, 'bash')}; ${run}; echo "$DCS_PROMPT"`)).to.equal(
        `${many}[dcs:staging SANDBOX] \n`,
      );
      expect(
        bash(
          `${before}; ${source(w, 'bash')}; source ${join(w.home, 'undo.bash')}; ${run}; declare -F; compgen -v | grep -i dcs | grep -vE "QUIET|^DCS_NOTIFY_" || true`,
        ),
      ).to.equal(many);
    }
    if (spawnSync('strace', ['-V']).status !== 0) return;
    for (const shell of THERE.filter((one) => one !== 'powershell')) {
      const [program, ...args] = PROGRAM[shell];
      const calls = (times: number): number => {
        const log = join(w.home, 'strace');
        const again = Array.from({ length: times }, () => '_dcs_look').join('\n');
        spawnSync(
          'strace',
          [
            '-f',
            '-qq',
            '-o',
            log,
            '-e',
            'trace=clone,clone3,fork,vfork,execve',
            program!,
            ...args,
            `${source(w, shell)}\n_dcs_look\n${again}`,
          ],
          {
            cwd: w.project,
            env: w.base,
          },
        );
        return readFileSync(log, 'utf8').split('\n').length;
      };
      expect(calls(21), shell).to.equal(calls(1));
    }
  });

  it('a segment takes a fraction of the start of Node', async () => {
    await w.yaml(`${SHORT}${'# a line of some length that means nothing to anybody\n'.repeat(60)}`);
    w.head('staging');
    await w.tell();
    const best = (program: string, args: readonly string[]): number => {
      const times = Array.from({ length: 4 }, () => {
        const started = process.hrtime.bigint();
        spawnSync(program, [...args], { cwd: w.project, env: w.base });
        return Number(process.hrtime.bigint() - started);
      });
      return Math.min(...times);
    };
    const node = best(process.execPath, ['-e', '0']);
    for (const shell of THERE) {
      const [program, ...args] = PROGRAM[shell];
      const look = shell === 'powershell' ? '$null = dcs_prompt_info' : '_dcs_look';
      const time = (times: number): number => best(program!, [...args, `${source(w, shell)}\n${`${look}\n`.repeat(times)}`]);
      expect((time(50) - time(0)) / 50, shell).to.be.below(node / 3);
    }
  }).timeout(60_000);

  it('at a terminal: says where one is once, keeps the prompt that was, and a failed command stays failed', async () => {
    await w.yaml(SHORT);
    w.head('staging');
    await w.tell();
    const interactive: Partial<Record<Shell, readonly [start: string, prompt: string]>> = {
      bash: ['bash --norc --noprofile -i', `PS1='mine=$?> '`],
      zsh: ['zsh -f -i', `PS1='mine=%?> '`],
      fish: ['fish --no-config -i', 'function fish_prompt; echo "mine=$status> "; end'],
    };
    for (const shell of THERE.filter((one) => one !== 'powershell')) {
      const [start, prompt] = interactive[shell]!;
      const { stdout } = spawnSync('script', ['-qec', start, '/dev/null'], {
        cwd: w.home,
        env: { ...w.base, TERM: 'dumb' },
        encoding: 'utf8',
        input: [prompt, source(w, shell), `cd '${w.project}'`, 'true', 'false', 'exit', ''].join('\n'),
      });
      expect(stdout.split('[dcs] staging SANDBOX'), stdout).to.have.length(2);
      expect(stdout, shell).to.include('mine=1> ');
    }
  }).timeout(60_000);

  it('uninstall gives the shell back as it was', async () => {
    const before: Partial<Record<Shell, string>> = {
      zsh: 'precmd_functions=(mine)',
      fish: 'function fish_prompt; echo mine; end',
      bash: '',
    };
    const state: Partial<Record<Shell, string>> = {
      zsh: 'print -l ${(ok)functions:#add-zsh-hook} $precmd_functions ${(ok)parameters[(I)*(dcs|DCS)*]}',
      fish: 'functions -an | string match "*dcs*"; functions fish_prompt; set -n | string match -i "*dcs*"',
      bash: 'declare -F; echo "${PROMPT_COMMAND-}"; compgen -v | grep -i dcs',
    };
    for (const shell of THERE.filter((one) => one !== 'powershell')) {
      const file = join(w.home, `undo.${shell}`);
      writeFileSync(file, (await w.dcs(['shell', 'uninstall', shell])).out);
      const [program, ...args] = PROGRAM[shell];
      const run = (text: string): string => spawnSync(program!, [...args, text], { cwd: w.project, env: w.base, encoding: 'utf8' }).stdout;
      const clean = run(`${before[shell]}\n${state[shell]}`);
      expect(run(`${before[shell]}\n${source(w, shell)}\n${state[shell]}`), shell).to.include('dcs_prompt_info');
      expect(run(`${before[shell]}\n${source(w, shell)}\n_dcs_look\nsource ${file}\n${state[shell]}`), shell).to.equal(clean);
    }
  });

  it('uninstall takes its line out of the rc file, and no other byte', async () => {
    const rc = join(w.home, '.bashrc');
    const kept = ['# mine \r\n', 'alias x=y\n', Buffer.from([0xff, 0xfe, 0x0a]), '# dcs shell init is nice\n', 'PS1="> "'];
    const whole = (extra: string): Buffer => Buffer.concat([...kept.slice(0, 2), extra, ...kept.slice(2)].map((part) => Buffer.from(part)));
    writeFileSync(join(w.home, 'real.bashrc'), whole('eval "$(dcs shell init bash)" # dcs\n'), { mode: 0o640 });
    symlinkSync('real.bashrc', rc);
    const refused = await w.dcs(['shell', 'uninstall', 'bash']);
    expect(refused.code, refused.err).to.equal(7);
    expect(refused.err).to.include('.bashrc:3').and.to.include('--yes');
    expect(readFileSync(rc)).to.deep.equal(whole('eval "$(dcs shell init bash)" # dcs\n'));
    const done = await w.dcs(['shell', 'uninstall', 'bash', '--yes', '--json']);
    expect(done.json()['removed']).to.deep.equal([{ file: rc, line: 3, text: 'eval "$(dcs shell init bash)" # dcs' }]);
    expect(readFileSync(join(w.home, 'real.bashrc'))).to.deep.equal(whole(''));
    expect(statSync(join(w.home, 'real.bashrc')).mode & 0o777).to.equal(0o640);
    const block = 'if true; then\neval "$(dcs shell init bash)"\nfi\n';
    writeFileSync(rc, block);
    const left = await w.dcs(['shell', 'uninstall', 'bash', '--yes']);
    expect(left.err).to.include('is yours to take out');
    expect(readFileSync(rc, 'utf8')).to.equal(block);
    rmSync(rc);
  });

  it('has no other syntax than its shell', () => {
    const check: Partial<Record<Shell, readonly string[]>> = { bash: ['bash', '-n'], zsh: ['zsh', '-n'], fish: ['fish', '-n'] };
    for (const shell of THERE) {
      const [program, ...args] = check[shell] ?? [];
      if (program !== undefined) execFileSync(program, [...args, script(w, shell)]);
    }
    // Where there is no PowerShell: every bracket and quote closes.
    const text = readFileSync(script(w, 'powershell'), 'utf8').replaceAll(/^\s*#.*$/gm, '');
    const bare = text.replaceAll(/'[^'\n]*'/g, '').replaceAll(/"(?:[^"\n$]|\$\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\$)*"/g, '');
    expect(bare).not.to.match(/['"]/);
    const open: string[] = [];
    for (const [sign] of bare.matchAll(/[(){}[\]]/g))
      if ('({['.includes(sign)) open.push(sign);
      else expect(open.pop()).to.equal({ ')': '(', '}': '{', ']': '[' }[sign]);
    expect(open).to.deep.equal([]);
  });
});
