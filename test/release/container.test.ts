import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { startRegistry, type Registry } from '../e2e/registry.ts';
import { ROOT } from '../e2e/world.ts';
import { release } from './release.ts';

const run = promisify(execFile);

/** The lines of the Containerfile, done in order without a container engine: what they write to /opt lands in a scratch folder. */
describe('the Containerfile', function () {
  this.timeout(180_000);
  let base: string;
  let registry: Registry;
  let steps: { word: string; rest: string }[];
  const of = (word: string): string[] => steps.filter((step) => step.word === word).map(({ rest }) => rest);

  before(async function () {
    // Needs mounts of its own, which some systems give to root alone.
    const mounts = await run('unshare', ['--user', '--map-root-user', '--mount', 'true']).catch(() => undefined);
    if (mounts === undefined) return this.skip();
    steps = [...(await readFile(join(ROOT, 'Containerfile'), 'utf8')).matchAll(/^([A-Z]+) (.+)$/gm)].map(([, word, rest]) => ({
      word: word!,
      rest: rest!,
    }));
    base = await mkdtemp(join(tmpdir(), 'dcs-container-'));
    await mkdir(join(base, 'home'));
    registry = await startRegistry();
    await registry.publishInstalled(['@lydell/node-pty', '@napi-rs/keyring']);
  });
  after(async () => {
    await registry?.close();
    if (base !== undefined) await rm(base, { recursive: true, force: true });
  });

  /** A shell in which /opt is the scratch folder's. */
  const inside = (command: string) =>
    run('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-euc', `mount --bind "$SCRATCH/opt" /opt\n${command}`], {
      cwd: base,
      env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: join(base, 'home'), SCRATCH: base, ...registry.env },
    });

  it('takes only files that the build is given, and only packed ones', async () => {
    expect((await readFile(join(ROOT, '.dockerignore'), 'utf8')).trim().split('\n')).to.deep.equal(['*', '!dist/npm/*.tgz']);
    const clone = join(await release(), '..');
    for (const copy of of('COPY')) {
      const [from, to] = copy.split(' ') as [string, string];
      expect(from).to.match(/^dist\/npm\/[\w*.-]+\.tgz$/);
      expect(to).to.match(/^\/opt\//);
      const files = globSync(from, { cwd: clone });
      expect(files).to.have.length(1);
      for (const file of files) await cp(join(clone, file), join(base, to, basename(file)));
    }
  });

  it('runs: every RUN step, and then dcs as the entry point starts it', async () => {
    for (const command of of('RUN')) await inside(command);
    const path = of('ENV').find((line) => line.startsWith('PATH='))!;
    const [entry] = JSON.parse(of('ENTRYPOINT')[0]!) as string[];
    const { stdout } = await inside(`export ${path.split(':')[0]}:"$PATH"\n${entry} --version; ls /opt/dcs`);
    expect(stdout).to.match(/^doppler-cloud-syncs\/\d/);
    expect(stdout).to.not.contain('.tgz');
  });

  it('ends as somebody who is not root, on a Node that dcs supports', () => {
    expect(of('USER').at(-1)).to.equal('node');
    expect(steps.map(({ word }) => word).lastIndexOf('RUN')).to.be.lessThan(steps.findIndex(({ word }) => word === 'USER'));
    expect(Number(/node:(\d+)/.exec(of('FROM')[0]!)![1])).to.be.at.least(22);
  });
});
