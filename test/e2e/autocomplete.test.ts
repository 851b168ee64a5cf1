import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { keepWords } from '../../src/completion/keep.ts';
import { THERE, type Shell } from './shells.ts';
import { terminal } from './terminal.ts';
import { world, YAML, type World } from './world.ts';

const INTERACTIVE: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['bash', '--norc', '--noprofile', '-i'],
  zsh: ['zsh', '-f', '-i'],
  fish: ['fish', '--no-config', '-i'],
  powershell: ['pwsh', '-NoProfile'],
};
/** What is typed, and what the program is given after a TAB. */
const CASES: readonly (readonly [typed: string, given: string])[] = [
  ['dcs ne', '<neon>'],
  ['dcs neon br', '<neon> <branch>'],
  ['dcs neon branch cr', '<neon> <branch> <create>'],
  ['dcs sync --tr', '<sync> <--trigger>'],
  ['dcs sync --trigger web', '<sync> <--trigger> <webhook>'],
  ['dcs diff -e sta', '<diff> <-e> <staging>'],
  ['dcs diff --env=sta', '<diff> <--env=staging>'],
  ['dcs sync ap', '<sync> <api>'],
  ['dcs sync -e staging ap', '<sync> <-e> <staging> <api>'],
  ['dcs explain STRI', '<explain> <STRIPE_KEY>'],
  ['dcs sync --only STRI', '<sync> <--only> <STRIPE_KEY>'],
  ['dcs neon branch switch prev', '<neon> <branch> <switch> <preview/pr-7>'],
  ['dcs diff --out pla', '<diff> <--out> <plan.file>'],
];

describe('completion', () => {
  let w: World;
  const words = (kind: string): string[] => {
    const folder = join(w.home, 'cache', 'dcs', 'completion', 'words', w.project, 'dcs.yaml');
    return existsSync(join(folder, kind)) ? readFileSync(join(folder, kind), 'utf8').split('\n').filter(Boolean) : [];
  };
  before(async () => {
    w = await world();
    await w.yaml(YAML);
    expect((await w.dcs(['diff', '-e', 'staging'])).code).to.equal(0);
    expect(existsSync(join(w.home, 'cache', 'dcs', 'completion')), 'nothing is kept for who never asked').to.equal(false);
    for (const shell of THERE) {
      const { out, code } = await w.dcs(['autocomplete', shell]);
      expect(code).to.equal(0);
      writeFileSync(join(w.home, `complete.${shell}`), out);
    }
    await w.dcs(['diff', '-e', 'staging']);
    const seen = { kind: 'branch' as const, of: 'p', words: ['preview/pr-7', '$(touch hacked)', '-rf'] };
    await keepWords(join(w.home, 'cache', 'dcs'), { file: join(w.project, 'dcs.yaml') }, seen, () => undefined);
    writeFileSync(join(w.project, 'plan.file'), '');
    // Nothing else is to be found: a completion that starts a program fails.
    mkdirSync(join(w.home, 'only'));
    writeFileSync(join(w.home, 'only', 'dcs'), '#!/bin/sh\nprintf "given:"; printf " <%s>" "$@"; echo " end"\n', { mode: 0o755 });
    symlinkSync('/bin/sh', join(w.home, 'only', 'sh'));
  });
  after(() => w.close());

  for (const shell of THERE)
    for (const [typed, given] of CASES)
      it(`in ${shell}: ${typed}<TAB>`, async function () {
        this.timeout(60_000);
        // fish lists files by ls, which is not to be found here.
        if (shell === 'fish' && typed.includes('--out')) this.skip();
        const [program, ...args] = INTERACTIVE[shell];
        const tty = terminal(program!, args, { cwd: w.project, env: { ...w.env, TERM: 'xterm' } });
        const folder = join(w.home, 'only');
        tty.type(shell === 'fish' ? `set -gx PATH ${folder}\r` : `PATH=${folder}\r`);
        tty.type(`source ${join(w.home, `complete.${shell}`)}; echo rea''dy\r`);
        await tty.until('ready');
        // A loaded machine may take its time; a wrong answer stays wrong.
        for (const wait of [200, 1500, 6000]) {
          tty.type(`${typed}\t`);
          await sleep(wait);
          tty.type('\r');
          await sleep(wait);
          if (tty.shown().includes(`given: ${given} end`)) break;
        }
        expect(tty.shown()).to.contain(`given: ${given} end`);
        tty.type('\x04');
        await tty.ended;
      });

  it('keeps names only, for itself, and leaves out what a shell might evaluate', () => {
    expect(words('env')).to.deep.equal(['dev', 'prod', 'staging']);
    expect(words('target')).to.deep.equal(['api', 'cloudflare']);
    expect(words('secret@stg')).to.include('STRIPE_KEY');
    expect(words('branch@p')).to.deep.equal(['preview/pr-7']);
    expect(existsSync(join(w.project, 'hacked'))).to.equal(false);
  });

  it('knows the commands of a plugin that came or went since, after the next command', async () => {
    const commands = join(w.home, 'cache', 'dcs', 'completion', 'commands');
    expect(readdirSync(commands)).to.include('dcs.neon.branch');
    const list = join(w.home, 'data', 'dcs', 'package.json');
    const all = readFileSync(list, 'utf8');
    const linked = JSON.parse(all) as { oclif: { plugins: { name: string }[] } };
    linked.oclif.plugins = linked.oclif.plugins.filter(({ name }) => name !== 'dcs-plugin-neon');
    writeFileSync(list, JSON.stringify(linked));
    await w.dcs(['context']);
    expect(readdirSync(commands).filter((name) => name.startsWith('dcs.neon'))).to.deep.equal([]);
    writeFileSync(list, all);
    await w.dcs(['autocomplete', '--refresh-cache']);
    expect(readdirSync(commands)).to.include('dcs.neon.branch');
  });
});
