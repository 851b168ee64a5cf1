import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { atMost } from '../../src/at-most.ts';
import { current, dcs, FIRST, laidOut, lying, PLATFORM, publish, scratch, site, smallTree, type Site } from './standalone.ts';

const about = { platform: PLATFORM, channel: 'stable', key: FIRST, level: 1 };

describe('dcs update', function () {
  this.timeout(120_000);
  let at: Site;
  let tree: string;

  before(async () => {
    at = await site();
    tree = await smallTree('1.0.0', at.origin);
    await publish({ ...about, tree: await smallTree('1.1.0', at.origin), version: '1.1.0', out: at.folder });
  });
  after(() => at.close());

  const fresh = (): Promise<string> => laidOut(tree, '1.0.0');

  it('never happens in CI', async () => {
    const root = await fresh();
    const run = await dcs(root, ['update'], { CI: 'true', GITHUB_ACTIONS: 'true' });
    expect(run.code).to.equal(7);
    expect(run.err).to.contain('does not update itself in CI (GitHub)').and.contain('its workflow names');
    expect(current(root)).to.equal('1.0.0');
    expect((await dcs(root, ['update', '--available'], { CI: 'true' })).code).to.equal(0);
  });

  it('never happens unasked: no other command asks the server or leaves a process', async () => {
    const root = await fresh();
    at.requests.length = 0;
    await dcs(root, ['help', 'errors']);
    await dcs(root, ['--version']);
    await dcs(root, []);
    expect(at.requests).to.deep.equal([]);
    expect(lying(root)).to.deep.equal(['1.0.0']);
  });

  it('tells an npm install, a Homebrew one and a clone what to type', async () => {
    for (const [folder, git, words, hint] of [
      ['lib/node_modules/doppler-cloud-syncs', false, [], 'npm install -g doppler-cloud-syncs@latest'],
      ['lib/node_modules/doppler-cloud-syncs', false, ['beta'], 'npm install -g doppler-cloud-syncs@beta'],
      ['lib/node_modules/doppler-cloud-syncs', false, ['--version', '0.2.0'], 'npm install -g doppler-cloud-syncs@0.2.0'],
      ['Cellar/dcs/1.0.0/libexec', false, [], 'brew upgrade dcs'],
      ['src/dcs', true, [], 'git pull && npm ci && npm run build'],
    ] as const) {
      const place = join(scratch, 'elsewhere', folder);
      rmSync(place, { recursive: true, force: true });
      mkdirSync(join(place, '..'), { recursive: true });
      spawnSync('cp', ['-al', tree, place]);
      rmSync(join(place, 'standalone.json'));
      if (git) mkdirSync(join(place, '.git'));
      const run = spawnSync(join(place, 'node'), [join(place, 'bin/run.js'), 'update', ...words], {
        env: { HOME: scratch },
        encoding: 'utf8',
      });
      expect(run.status, run.stderr).to.equal(7);
      expect(run.stderr).to.contain('which also updates it').and.contain(hint);
    }
  });

  it('has nothing to go back to before the first update', async () => {
    const run = await dcs(await fresh(), ['update', '--rollback']);
    expect(run.code).to.equal(7);
    expect(run.err).to.contain('no version before 1.0.0');
  });

  it('goes back only to a version that works', async () => {
    const root = await fresh();
    await dcs(root, ['update']);
    rmSync(join(root, 'versions/1.0.0/lib'), { recursive: true });
    const run = await dcs(root, ['update', '--rollback']);
    expect(run.code).to.equal(7);
    expect(current(root)).to.equal('1.1.0');
    // What is named is brought anew where it is not whole.
    await publish({ ...about, tree, version: '1.0.0', out: at.folder });
    await publish({ ...about, tree: await smallTree('1.1.0', at.origin), version: '1.1.0', out: at.folder });
    expect((await dcs(root, ['update', '--version', '1.0.0'])).code).to.equal(0);
    expect((await dcs(root, ['--version'])).out).to.contain('/1.0.0 ');
  });

  it('is done by one at a time: the other says who', async () => {
    const root = await fresh();
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      at.instead.set(`/channels/stable/${PLATFORM}.signed`, (_, response) => {
        answer = () => response.end(readFileSync(join(at.folder, `channels/stable/${PLATFORM}.signed`)));
        resolve();
      });
    });
    const first = dcs(root, ['update']);
    await asked;
    const second = await dcs(root, ['update']);
    expect(second.code).to.equal(6);
    expect(second.err)
      .to.contain('Another update of this dcs is going on')
      .and.match(/Process \d+ on this machine/);
    at.instead.clear();
    answer();
    expect((await first).code).to.equal(0);
    expect(current(root)).to.equal('1.1.0');
  });

  it('leaves a working dcs wherever it is killed, and the next one tidies up', async function () {
    if (process.platform !== 'linux') this.skip();
    this.timeout(240_000);
    const crash = (env: Record<string, string>): Record<string, string> => ({
      NODE_OPTIONS: `--import=${fileURLToPath(new URL('crash-at.mjs', import.meta.url))}`,
      ...env,
    });
    const log = join(scratch, 'changes');
    const done = await fresh();
    expect((await dcs(done, ['update'], crash({ DCS_CRASH_LOG: log }))).code).to.equal(0);
    const changes = readFileSync(log, 'utf8').trimEnd().split('\n');
    const kindOf = (change: string): string => change.replace(/ #\d+$/, '');
    // The first and the last of each kind; how many writes it takes is up to the network.
    const points = changes.filter((change, index) => {
      const last = changes.findLastIndex((other) => kindOf(other) === kindOf(change)) === index;
      return change.endsWith(' #0') || (last && !change.startsWith('writeFile'));
    });
    expect(points.length, String(points.length)).to.be.within(20, 80);
    const [before, after] = [new Set<string>(), new Set<string>()];
    await atMost(4, points, async (point) => {
      const root = await fresh();
      const killed = await dcs(root, ['update'], crash({ DCS_CRASH_AT: point }));
      expect(killed.code === 137 || killed.signal === 'SIGKILL', point).to.equal(true);
      const version = current(root);
      (version === '1.0.0' ? before : after).add(point);
      expect((await dcs(root, ['--version'])).out, point).to.contain(`/${version} `);
      expect((await dcs(root, ['update'])).code, point).to.equal(0);
      expect([current(root), ...lying(root)], point).to.deep.equal(['1.1.0', '1.0.0', '1.1.0']);
      rmSync(root, { recursive: true });
    });
    expect(before.size).to.be.above(10);
    expect(after.size).to.be.above(0);
  });

  it('says what is wrong with a full disk and with one that cannot be written, and is as it was', async function () {
    const mounts = 'mount -t tmpfs -o size=12m dcs "$1" && cp -a "$2" "$1/dcs"';
    if (spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'true']).status !== 0) this.skip();
    const root = await fresh();
    const place = join(scratch, 'disk');
    mkdirSync(place);
    const inside = (script: string): Promise<{ out: string; code: number | null }> =>
      new Promise((resolve) => {
        const child = spawn('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', place, root], {
          env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: scratch, NODE_DISABLE_COMPILE_CACHE: '1' },
        });
        let out = '';
        child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
        child.on('close', (code) => resolve({ out, code }));
      });
    const full = await inside(
      `${mounts} && { dd if=/dev/zero of="$1/filler" bs=64k 2>/dev/null; "$1/dcs/bin/dcs" update; echo "exit $?"; "$1/dcs/bin/dcs" --version; rm "$1/filler"; ls "$1/dcs/versions"; }`,
    );
    expect(full.out)
      .to.contain('(ENOSPC)')
      .and.contain('exit 2')
      .and.match(/\/1\.0\.0 .*\n1\.0\.0\n$/);
    const closed = await inside(
      `${mounts} && mount -o remount,ro "$1" && { "$1/dcs/bin/dcs" update; echo "exit $?"; "$1/dcs/bin/dcs" --version; }`,
    );
    expect(closed.out, closed.out).to.contain('(EROFS)').and.contain('exit 2').and.contain('/1.0.0 ');
  });

  it('takes words that go together, and versions that are ones', async () => {
    const root = await fresh();
    for (const words of [
      ['nightly'],
      ['beta', '--rollback'],
      ['--available', '--rollback'],
      ['--version', '../1.0.0'],
      ['--version', 'latest'],
    ])
      expect((await dcs(root, ['update', ...words])).code, words.join(' ')).to.equal(64);
  });

  it('does not wait for a server that is away', async () => {
    const root = await laidOut(await smallTree('1.0.0', 'http://127.0.0.1:9/'), '1.0.0');
    const run = await dcs(root, ['update']);
    expect(run.code).to.equal(8);
    expect(existsSync(join(root, '.update/work'))).to.equal(false);
  });
});
