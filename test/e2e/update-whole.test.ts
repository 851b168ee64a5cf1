import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dcs, FIRST, lying, PLATFORM, publish, scratch, SECOND, site, unpacked, wholeTree, type Site } from './standalone.ts';
import { ROOT } from './world.ts';

const about = { platform: PLATFORM, channel: 'stable', key: FIRST, level: 1 };
const nodeVersion = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'scripts/standalone/node.json'), 'utf8')) as { version: string }).version;

describe('dcs update, the whole standalone dcs', function () {
  this.timeout(180_000);
  let at: Site;
  let root: string;

  before(async () => {
    at = await site();
    root = await unpacked(wholeTree('0.0.1', at.origin), '0.0.1');
  });
  after(() => at.close());

  const says = async (words: readonly string[]): Promise<string> => {
    const run = await dcs(root, words);
    expect(run.code, run.out + run.err).to.equal(0);
    return run.out;
  };

  it('runs where there is no Node, also through a link', async () => {
    expect(await says(['--version'])).to.equal(`doppler-cloud-syncs/0.0.1 ${PLATFORM} ${`node-v${nodeVersion()}`}\n`);
    expect(await says(['help'])).to.contain('update');
    const link = join(scratch, 'linked-dcs');
    symlinkSync(join(root, 'bin', 'dcs'), link);
    const run = spawnSync(link, ['--version'], { env: { PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
    expect(run.stdout).to.contain('doppler-cloud-syncs/0.0.1 ');
  });

  it('brings the npm that installs plugins', () => {
    const version = join(root, 'versions/0.0.1');
    const npm = spawnSync(join(version, 'node'), [join(version, 'node_modules/npm/bin/npm-cli.js'), '--version'], {
      env: { HOME: scratch },
      encoding: 'utf8',
    });
    expect(npm.stdout, npm.stderr).to.match(/^\d+\.\d+\.\d+$/m);
  });

  it('has no update before one is published', async () => {
    const run = await dcs(root, ['update']);
    expect(run.code).to.equal(64);
    expect(run.err).to.contain('There is no channel stable for');
    expect(await says(['update', '--available'])).to.contain('no versions yet');
  });

  it('goes from 0.0.1 to 0.0.2, fetching only what is new', async () => {
    await publish({ ...about, tree: wholeTree('0.0.2', at.origin), version: '0.0.2', out: at.folder });
    at.requests.length = 0;
    const run = await dcs(root, ['update', '--json']);
    expect(run.json()).to.deep.equal({ schema: 1, version: '0.0.2', previous: '0.0.1', channel: 'stable', updated: true });
    expect(await says(['--version'])).to.contain('/0.0.2 ');
    expect(await says(['help', 'errors'])).to.contain('REFUSED');
    const fetched = at.requests.filter((path) => path.startsWith('/parts/')).map((path) => statSync(join(at.folder, path)).size);
    expect(fetched).to.have.length(1);
    expect(fetched[0]).to.be.below(5_000_000);
    expect(await says(['update'])).to.contain('in use already');
  });

  it('goes to beta and stays there', async () => {
    // The second of the two keys: a rotation.
    await publish({
      ...about,
      channel: 'beta',
      key: SECOND,
      tree: wholeTree('0.1.0-beta.0', at.origin),
      version: '0.1.0-beta.0',
      out: at.folder,
    });
    expect(await says(['update', 'beta'])).to.contain('dcs 0.1.0-beta.0 is in use (channel beta)');
    expect(await says(['--version'])).to.contain('/0.1.0-beta.0 ');
    expect(lying(root)).to.deep.equal(['0.0.2', '0.1.0-beta.0']);
    expect(await says(['update'])).to.contain('in use already (channel beta)');
    const shown = await says(['update', '--available']);
    expect(shown).to.match(/^0\.1\.0-beta\.0 +beta, in use$/m);
    expect(shown).to.match(/^0\.0\.2 +stable, --rollback$/m);
  });

  it('goes back and forth without a server', async () => {
    at.requests.length = 0;
    expect(await says(['update', '--rollback'])).to.contain('dcs 0.0.2 is in use');
    expect(await says(['--version'])).to.contain('/0.0.2 ');
    expect(await says(['update', '--rollback'])).to.contain('dcs 0.1.0-beta.0 is in use');
    expect(at.requests).to.deep.equal([]);
  });

  it('goes to an older version only when it is named', async () => {
    const refused = await dcs(root, ['update', 'stable', '--json']);
    expect(refused.code).to.equal(7);
    expect(refused.out).to.contain('older than 0.1.0-beta.0');
    at.requests.length = 0;
    expect(await says(['update', 'stable', '--version', '0.0.2'])).to.contain('dcs 0.0.2 is in use (channel stable)');
    // It still lay there, whole.
    expect(at.requests).to.deep.equal([`/versions/0.0.2/${PLATFORM}.signed`]);
    expect((await dcs(root, ['update', '--version', '9.9.9'])).err).to.contain('There is no version 9.9.9');
  });
});
