import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { terminal, type Terminal } from './terminal.ts';
import { ROOT, world, YAML, type World } from './world.ts';

describe('dcs run in a terminal', function () {
  this.timeout(60_000);
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
    await w.doppler('dev', { CANARY: 'canary-value-1' });
  });
  after(() => w.close());
  const run = (...words: string[]): Terminal =>
    terminal(process.execPath, [join(ROOT, 'bin', 'run.js'), 'run', '-q', ...words], { cwd: w.project, env: w.env });
  const TTYS = `process.stdin.isTTY + ' ' + process.stdout.isTTY + ' ' + process.stderr.isTTY`;

  for (const mode of ['--no-mask', '--mask']) {
    it(`leaves the program its terminal: keys, size, colours (${mode})`, async () => {
      const code = `console.log('tty ' + ${TTYS} + ' ' + process.stdout.columns + ' \\x1b[31mred\\x1b[0m');
        process.stdout.on('resize', () => console.log('now ' + process.stdout.columns));
        process.stdin.on('data', (line) => { console.log('got ' + String(line).trim()); if (String(line).includes('bye')) process.exit(5); });`;
      const shown = run(mode, '--', process.execPath, '-e', code);
      await shown.until('tty true true true 100');
      expect(shown.shown()).to.contain('\x1b[31mred\x1b[0m');
      shown.resize(77, 20);
      await shown.until('now 77');
      shown.type('hëllo\r');
      await shown.until('got hëllo');
      shown.type('bye\r');
      expect(await shown.ended).to.equal(5);
    });

    it(`Ctrl-C is the program's, once (${mode})`, async () => {
      const code = `let n = 0; process.on('SIGINT', () => { n++; setTimeout(() => { console.log('ints ' + n); process.exit(6) }, 500) }); console.log('ready'); setInterval(() => {}, 1000)`;
      const shown = run(mode, '--', process.execPath, '-e', code);
      await shown.until('ready');
      shown.type('\x03');
      await shown.until('ints 1');
      expect(await shown.ended).to.equal(6);
    });

    it(`Ctrl-Z works inside a shell (${mode})`, async () => {
      const shown = run(mode, '--', 'bash', '--norc', '-i');
      await shown.until('bash');
      shown.type('echo sleeps$((1+1)); sleep 100\r');
      await shown.until('sleeps2');
      await sleep(300);
      shown.type('\x1a');
      await shown.until('Stopped');
      shown.type('kill -9 %1; sleep 0.2; exit 3\r');
      expect(await shown.ended).to.equal(3);
    });
  }

  it('replaces itself: nothing of dcs stays beside the program', async () => {
    const shown = run('--', process.execPath, '-e', `console.log('parent ' + (process.ppid === ${process.pid}))`);
    await shown.until('parent true');
    expect(await shown.ended).to.equal(0);
  });

  it('hands on what a full-screen program draws, byte for byte', async () => {
    const code = `process.stdin.setRawMode(true); process.stdout.write('up\\ndown\\r\\n'); setTimeout(() => process.exit(0), 300)`;
    const raw = (mode: string): Terminal => run(mode, '--', 'bash', '-c', `stty raw; exec ${process.execPath} -e "${code}"`);
    const [plain, masked] = [raw('--no-mask'), raw('--mask')];
    await Promise.all([plain.ended, masked.ended]);
    expect(masked.shown()).to.equal(plain.shown()).and.to.contain('up\ndown');
  });

  it('--mask keeps stderr where it was sent', async () => {
    const line = `${process.execPath} ${join(ROOT, 'bin', 'run.js')} run -q --mask -- sh -c 'echo out; echo "err $CANARY" >&2' 2> sent`;
    const shown = terminal('/bin/sh', ['-c', line], { cwd: w.project, env: w.env });
    expect(await shown.ended).to.equal(0);
    expect(shown.shown()).to.contain('out').and.not.contain('err');
    expect(await readFile(join(w.project, 'sent'), 'utf8')).to.equal('err [redacted]\n');
  });

  it('--mask shows no value', async () => {
    const shown = run(
      '--mask',
      '--',
      process.execPath,
      '-e',
      `console.log('a', process.env.CANARY, 'z'); console.error(process.env.CANARY)`,
    );
    expect(await shown.ended).to.equal(0);
    expect(shown.shown())
      .to.match(/a .*redacted.* z/)
      .and.not.to.contain('canary-value');
  });
});
