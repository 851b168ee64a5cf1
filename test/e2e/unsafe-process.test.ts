import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

describe('a process that would leak', () => {
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  after(() => w.close());

  for (const [name, value] of [
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['NODE_DEBUG', 'child_process'],
    ['NODE_DEBUG', 'fs, NET'],
    ['NODE_DEBUG', 'ht*'],
    ['NODE_OPTIONS', '--no-warnings --heapsnapshot-signal=SIGUSR2'],
    ['NODE_OPTIONS', '--heapsnapshot_near_heap_limit=1'],
  ] as const)
    it(`does not start: ${name}=${value}`, async () => {
      const ran = await w.dcs(['whoami'], { env: { [name]: value } });
      expect(ran.code).to.equal(7);
      expect(ran.err).to.contain(`REFUSED  ${name}`).and.contain(`unset ${name}`).and.not.contain(w.env['DOPPLER_TOKEN']);
      expect((await w.dcs(['run', '--', 'true'], { env: { [name]: value } })).code).to.equal(125);
    });

  it('starts with a harmless NODE_DEBUG, and leaves a program its own', async () => {
    const ran = await w.dcs(['run', '-q', '--', 'env', 'NODE_DEBUG=http', process.execPath, '-p', 'process.env.NODE_DEBUG'], {
      env: { NODE_DEBUG: 'timer' },
    });
    expect(ran).to.include({ code: 0, out: 'http\n' });
  });

  it('writes no report that holds the environment', async () => {
    const folder = join(w.home, 'reports');
    await mkdir(folder);
    const env = {
      ...w.env,
      DCS_SERVE_TOKEN: 'a-token-of-thirty-two-characters-or-more',
      NODE_OPTIONS: `--report-on-signal --report-uncaught-exception --report-on-fatalerror --report-directory=${folder}`,
    };
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), 'serve'], { cwd: w.project, env });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    for (let tries = 0; tries < 200 && !err.includes('Serving'); tries++) await sleep(50);
    child.kill('SIGUSR2');
    await sleep(500);
    child.kill('SIGKILL');
    expect(err).to.contain('Serving');
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
