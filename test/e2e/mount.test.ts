import { existsSync, lstatSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

describe('dcs run --mount', function () {
  this.timeout(60_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());
  const run = (...words: string[]) => w.dcs(['run', '--no-mask', '-q', ...words]);
  const read = (times: number): string[] => [
    '--',
    process.execPath,
    '-e',
    `const fs = require('fs'); for (let i = 0; i < ${times}; i++) { const all = JSON.parse(fs.readFileSync(process.env.DCS_SECRETS_PATH, 'utf8')); console.log(all.STRIPE_KEY, all.LARGE.length, process.env.STRIPE_KEY, fs.lstatSync(process.env.DCS_SECRETS_PATH).mode & 0o777); }`,
  ];

  it('gives each reader the whole file, larger than a pipe holds, and no variables', async () => {
    await w.doppler('dev', { LARGE: 'x'.repeat(50_000), LARGE2: 'y'.repeat(50_000) });
    const ran = await run('--mount', 'secrets.json', ...read(20));
    expect(ran, ran.err).to.include({ code: 0, out: 'sandbox-stripe-key-of-dev 50000 undefined 384\n'.repeat(20) });
    expect(existsSync(join(w.project, 'secrets.json'))).to.equal(false);
  });

  it('answers --max-reads readers, and then it is gone', async () => {
    await w.doppler('dev', { LARGE: 'x' });
    const ran = await run('--mount', 'secrets.json', '--max-reads', '2', ...read(3));
    expect(ran.code).to.equal(1);
    expect(ran.out.trim().split('\n').length).to.be.within(1, 2);
    expect(ran.err).to.contain('ENOENT');
  });

  it('chooses the format by name or by flag', async () => {
    const cat = ['--', 'sh', '-c', 'cat "$DCS_SECRETS_PATH"'];
    expect((await run('--mount', '.env', ...cat)).out).to.match(/^STRIPE_KEY=/m);
    expect((await run('--mount', 'x', '--mount-format', 'yaml', ...cat)).out).to.match(/^STRIPE_KEY: /m);
    expect((await run('--mount-format', 'yaml', ...cat)).code).to.equal(125);
  });

  it('replaces no file', async () => {
    await writeFile(join(w.project, 'secrets.json'), 'mine');
    const ran = await run('--mount', 'secrets.json', '--', 'true');
    expect(ran.code).to.equal(125);
    expect(ran.err).to.contain('is there already');
    expect(await readFile(join(w.project, 'secrets.json'), 'utf8')).to.equal('mine');
    expect((await run('--mount', 'no/such/folder/x', '--', 'true')).code).to.equal(125);
  });

  it('is swept after a kill', async () => {
    const words = ['run', '--mount', 'secrets.json', '--', process.execPath, '-e', 'setInterval(() => {}, 1000)'];
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...words], { cwd: w.project, env: w.env, stdio: 'ignore' });
    const pipe = join(w.project, 'secrets.json');
    for (let tries = 0; tries < 200 && !existsSync(pipe); tries++) await sleep(50);
    expect(lstatSync(pipe).isFIFO()).to.equal(true);
    await sleep(300);
    child.kill('SIGKILL');
    for (let tries = 0; tries < 200 && existsSync(pipe); tries++) await sleep(50);
    expect(existsSync(pipe)).to.equal(false);
  });
});
