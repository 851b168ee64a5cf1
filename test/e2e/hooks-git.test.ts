import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { hooked, origin, type Hooked } from './hooked.ts';
import { workspace } from './workspace.ts';
import { YAML } from './world.ts';

const TRIGGERED = `${YAML}triggers: [{type: git-hook, environment: staging, hooks: [post-checkout]}]\n`;
const writes = async (w: Pick<Hooked, 'journal'>): Promise<number> =>
  (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET').length;

describe('what a git hook of dcs does', function () {
  // On a busy machine an answer may come later than a hook waits.
  this.retries(2);
  let w: Hooked;
  beforeEach(async () => {
    w = await hooked();
  });
  afterEach(() => w.close());
  const commit = async (yaml: string): Promise<void> => {
    await w.yaml(yaml);
    w.git('commit', '-qam', 'dcs.yaml');
  };
  const timed = async (line: string, env: Record<string, string> = {}): Promise<{ code: number | null; err: string; seconds: number }> => {
    const start = Date.now();
    const { code, err } = await w.sh(line, { env });
    return { code, err, seconds: (Date.now() - start) / 1000 };
  };
  /** Processes that hooks of this world started and that still run (Linux tells). */
  const left = (): string[] =>
    globSync('/proc/[0-9]*').flatMap((folder) => {
      try {
        return readFileSync(`${folder}/environ`, 'utf8').split('\0').includes(`HOME=${w.home}`)
          ? [readFileSync(`${folder}/cmdline`, 'utf8')]
          : [];
      } catch {
        return []; // it ended meanwhile
      }
    });

  it('reports environments in a line each, drift too, and nothing where all is in sync', async () => {
    await w.dcs(['hooks', 'install']);
    const all = await w.sh('git checkout -q other');
    expect(all.err).to.equal(
      'dcs hooks: 7 secrets behind on staging: dcs diff -e staging\ndcs hooks: 7 secrets behind on prod: dcs diff -e prod\n',
    );
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    await w.dcs(['sync', '-e', 'prod', '--yes']);
    await w.sh('git checkout -q work');
    expect((await w.sh('git checkout -q other')).err).to.equal('');
    await w.doppler('stg', { SESSION_KEY: 'next-0001', MORE: 'more-0001' });
    expect((await w.sh('git checkout -q work')).err).to.equal('dcs hooks: 2 secrets behind on staging: dcs diff -e staging\n');
    await w.edit('STRIPE_KEY', 'by-hand');
    expect((await w.sh('git checkout -q other')).err).to.match(
      /^dcs hooks: 1 secret behind, \d secrets drifted on staging: dcs diff -e staging\n$/,
    );
  });

  it('without a login, or with a broken dcs.yaml, it says so in a line and git goes on', async () => {
    await w.dcs(['hooks', 'install', '--all', '--gate']);
    origin(w);
    const none = await timed('git checkout -q other', { DOPPLER_TOKEN: '' });
    expect([none.code, none.err]).to.satisfy(([code, err]: [number, string]) => code === 0 && /^dcs hooks: .*\n$/.test(err));
    await w.yaml('targets: [');
    const broken = await timed('git push -q origin other');
    expect([broken.code, broken.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && /^dcs hooks: nothing was compared: .*\n$/.test(err),
    );
  });

  describe('a cloud that never answers', function () {
    this.retries(0);
    let silent: Server;
    before(async () => {
      silent = createServer(() => undefined);
      await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    });
    after(() => silent.close());
    it('holds git up for less than 5 s and leaves no process behind; the gate is no reason to fail', async () => {
      await w.dcs(['hooks', 'install', '--all', '--gate', '-e', 'staging']);
      origin(w);
      const { port } = silent.address() as { port: number };
      const env = { DOPPLER_API_HOST: `http://127.0.0.1:${port}` };
      for (const line of ['git checkout -q other', 'git push -q origin work']) {
        const { code, err, seconds } = await timed(line, env);
        expect(code).to.equal(0);
        expect(err).to.match(/^dcs hooks: (nothing was compared|staging api not compared): it took longer than a git hook may\n$/);
        expect(seconds).to.be.below(5);
      }
      expect(left()).to.deep.equal([]);
    });

    it('nor does a dcs that hangs whatever it is asked, as in a lookup that does not return', async () => {
      await w.dcs(['hooks', 'install', '-e', 'staging']);
      await hangs(w, 'status');
      const { code, err, seconds } = await timed('git checkout -q other');
      expect([code, err]).to.deep.equal([0, 'dcs hooks: nothing was compared: it took longer than a git hook may\n']);
      expect(seconds).to.be.within(2, 5);
      expect(left()).to.deep.equal([]);
    });
  });

  it('the gate ends a push while something is behind or drifted, and only then', async () => {
    await w.dcs(['hooks', 'install', '--hook', 'pre-push', '--gate', '-e', 'staging']);
    const bare = origin(w);
    const refused = await timed('git push -q origin work');
    expect(refused.code).to.not.equal(0);
    expect(refused.err).to.contain('7 secrets behind on staging').and.to.contain('this ends the push');
    expect((await w.sh(`git -C '${bare}' branch`)).out).to.equal('');
    expect((await timed('git push -q --no-verify origin work')).code).to.equal(0);
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    expect(await timed('git push -q origin work:more')).to.deep.include({ code: 0, err: '' });
    await w.edit('STRIPE_KEY', 'by-hand');
    expect((await timed('git push -q origin work:drift')).code).to.not.equal(0);
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', kind: 'status', status: 500, times: 'forever' });
    expect((await timed('git push -q origin work:blind')).code).to.equal(0);
  });

  it('syncs what a trigger names for this hook, once the file is trusted', async () => {
    await commit(TRIGGERED);
    await w.dcs(['hooks', 'install']);
    const untrusted = await w.sh('git checkout -q -b third');
    expect(untrusted.err)
      .to.contain('dcs.yaml is not trusted as it is now, so nothing was synced: dcs trust')
      .and.to.contain('7 secrets behind on staging');
    expect(await writes(w)).to.equal(0);
    await w.dcs(['trust']);
    expect((await w.sh('git checkout -q work')).err).to.equal('dcs hooks: 7 secrets written on staging\n');
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');
    expect((await w.sh('git checkout -q third')).err).to.equal('');
    await w.doppler('stg', { MORE: 'more-0001' });
    w.git('commit', '-q', '--allow-empty', '-m', 'x');
    await w.sh('git checkout -q work');
    expect(await w.worker('MORE')).to.equal('more-0001');
    await w.doppler('stg', { MORE: 'more-0002' });
    expect((await w.sh('git merge -q third')).err).to.contain('1 secret behind on staging');
    expect(await w.worker('MORE')).to.equal('more-0001');
  });

  it('a branch that edits dcs.yaml redirects nothing: no write before it is trusted', async () => {
    await commit(TRIGGERED);
    await w.dcs(['trust']);
    await w.dcs(['hooks', 'install']);
    await w.sh('git -c core.hooksPath=/dev/null checkout -q -b evil');
    await commit(TRIGGERED.replace('staging: shop-api-staging', 'staging: shop-api'));
    await w.sh('git checkout -q work');
    const before = await writes(w);
    expect(before).to.be.above(0);
    const evil = await w.sh('git checkout -q evil');
    expect(evil.code).to.equal(0);
    expect(evil.err).to.contain('not trusted');
    expect(await writes(w)).to.equal(before);
    expect(await w.worker('STRIPE_KEY', 'shop-api')).to.equal(undefined);
  });

  it('a sync of a trigger that a guard stops says so and git goes on', async () => {
    await commit(TRIGGERED);
    await w.dcs(['trust']);
    await w.dcs(['hooks', 'install']);
    await w.edit('STRIPE_KEY', 'somebody-elses');
    const { code, err } = await w.sh('git checkout -q other -- && git checkout -q work');
    expect(code).to.equal(0);
    expect(err)
      .to.match(/^dcs hooks: .*staging was not synced.*\n/m)
      .and.to.not.contain('somebody-elses');
    expect(await w.worker('STRIPE_KEY')).to.equal('somebody-elses');
  });
});

/** From now on that command of dcs sleeps for half a minute, and no signal but SIGKILL ends it. */
async function hangs(w: Hooked, command: string): Promise<void> {
  const root = join(w.home, 'plugin');
  await mkdir(join(root, 'lib'), { recursive: true });
  const oclif = { hooks: { init: './lib/init.js' } };
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'dcs-plugin-hang', version: '0.1.0', type: 'module', oclif }));
  await writeFile(
    join(root, 'lib', 'init.js'),
    `export default async ({ id }) => {
      if (id !== '${command}') return;
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
    };\n`,
  );
  const list = join(w.home, 'data', 'dcs', 'package.json');
  const linked = JSON.parse(await readFile(list, 'utf8')) as { oclif: { plugins: object[] } };
  linked.oclif.plugins.push({ name: 'dcs-plugin-hang', root, type: 'link' });
  await writeFile(list, JSON.stringify(linked));
}

describe('a git hook at the top of a workspace', () => {
  it('is about its members, each trusted by itself', async () => {
    const w = await workspace();
    await w.member('api', 'worker');
    await w.member('web', 'worker');
    const file = 'services/api/dcs.yaml';
    await w.put(file, `${await readFile(join(w.project, file), 'utf8')}triggers: [{type: git-hook, environment: staging}]\n`);
    const run = (): ReturnType<typeof w.dcs> => w.dcs(['hooks', 'run', 'post-merge']);
    expect((await run()).err).to.match(/^dcs hooks: staging was not synced: .*not trusted/);
    await w.dcs(['trust'], { cwd: join(w.project, 'services', 'api') });
    expect((await run()).err).to.equal('dcs hooks: 2 secrets written on staging\n');
    expect(await w.worker('STRIPE_KEY', 'web-worker')).to.equal(undefined);
    expect((await w.dcs(['hooks', 'run', 'pre-push', '-e', 'staging'])).err).to.equal(
      'dcs hooks: 2 secrets behind on staging: dcs diff -e staging\n',
    );
    await w.close();
  });
});
