import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { notOk, patient, type Patient } from './patient.ts';

const SECRETS = 'GET /v3/configs/config/secrets';

describe('dcs doctor: one finding for each thing that is wrong, with its fix', () => {
  let w: Patient;
  beforeEach(async () => {
    w = await patient();
  });
  afterEach(() => w.close());

  it('a healthy world: nothing but never synced; synced: nothing at all; and it writes nothing', async () => {
    await w.forget();
    const fresh = await w.doctor();
    expect(fresh.code).to.equal(0);
    expect(notOk(fresh.findings).map(({ what, level, message }) => [what, level, message])).to.deep.equal([
      ['api staging', 'warning', 'never synced from this machine'],
      ['api prod', 'warning', 'never synced from this machine'],
    ]);
    // Google takes its question who one is as a POST.
    expect((await w.journal()).filter(({ method, path }) => method !== 'GET' && !path.endsWith('/tokeninfo'))).to.deep.equal([]);
    expect(await readdir(w.state()).catch(() => [])).to.not.include('keys');
    await w.synced();
    await w.dcs(['run', '-e', 'dev', '--', 'true']);
    const healthy = await w.doctor();
    expect(notOk(healthy.findings)).to.deep.equal([]);
    expect(healthy.findings.map(({ what }) => what)).to.include.members(['dcs', 'plugins', 'dcs.yaml', 'git', 'Doppler', 'cache']);
    expect((await w.dcs(['doctor'])).out).to.match(/\n0 problems, 1 warning; --fix mends 1\n$/);
  });

  describe('clock', () => {
    const answers = async (minutes: number): Promise<void> => {
      await w.synced();
      const date = new Date(Date.now() + minutes * 60_000).toUTCString();
      await w.post('/_sandbox/faults', {
        cloud: 'doppler',
        route: SECRETS,
        kind: 'status',
        status: 200,
        headers: { date },
        body: { secrets: { A: { raw: 'x', computed: 'x' } }, success: true },
        times: 'forever',
      });
    };
    it('behind by an hour', async () => {
      await answers(60);
      await w.finds(0, 'warning clock', /^this machine is (1 h|60 min|59 min) behind Doppler$/, 'NTP');
    });
    it('ahead by five minutes', async () => {
      await answers(-5);
      await w.finds(0, 'warning clock', /^this machine is 5 min ahead of Doppler$/, 'NTP');
    });
    it('a minute is no finding', async () => {
      await answers(1);
      expect(notOk((await w.doctor()).findings)).to.deep.equal([]);
    });
  });

  describe('git', () => {
    it('a detached HEAD', async () => {
      w.git('checkout', '-q', '--detach');
      await w.finds(0, 'warning git', 'HEAD is detached', 'git switch');
    });
    it('a HEAD that cannot be read', async () => {
      await writeFile(join(w.project, '.git', 'HEAD'), 'broken\n');
      const { findings } = await w.doctor();
      expect(findings.filter(({ what }) => what === 'git').map(({ message }) => message)).to.include(
        'HEAD cannot be read: no branch chooses the environment',
      );
    });
    it('dcs.yaml is not tracked', async () => {
      w.git('rm', '-q', '--cached', 'dcs.yaml');
      await w.finds(0, 'warning git', 'dcs.yaml is not tracked', 'git add');
    });
    it('git does not read the repository', async () => {
      await rm(join(w.project, '.git', 'objects'), { recursive: true });
      await w.finds(0, 'warning git', 'git cannot tell whether it tracks dcs.yaml', 'git status');
    });
    it('no repository, and a branch of CI, are none', async () => {
      const ci = { GITHUB_ACTIONS: 'true', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main', DOPPLER_TOKEN: SEED.tokens.account };
      w.git('checkout', '-q', '--detach');
      const built = (await w.doctor([], { env: ci })).findings.filter(({ what }) => what === 'git');
      expect(built.map(({ level, message }) => [level, message])).to.deep.equal([['ok', 'GitHub builds branch main']]);
      await rm(join(w.project, '.git'), { recursive: true });
      const none = (await w.doctor()).findings.filter(({ what }) => what === 'git');
      expect(none.map(({ level, message }) => [level, message])).to.deep.equal([
        ['ok', 'no repository: no branch chooses the environment'],
      ]);
    });
  });

  describe('the token', () => {
    const login = async (mode: number): Promise<void> => {
      await mkdir(join(w.home, '.doppler'), { recursive: true });
      const file = join(w.home, '.doppler', '.doppler.yaml');
      await writeFile(file, `scoped:\n  /:\n    token: ${SEED.tokens.user}\n    api-host: ${w.origin}\n`);
      await chmod(file, mode);
    };
    const signedOut = { env: { DOPPLER_TOKEN: undefined } };
    it('its kind is said', async () => {
      const kind = async (env: Record<string, string>): Promise<string | undefined> =>
        (await w.doctor([], { env })).findings.find(({ what }) => what === 'Doppler')?.message;
      expect(await kind({})).to.contain('personal token');
      expect(await kind({ DOPPLER_TOKEN: SEED.tokens.account })).to.contain('service account token');
    });
    it('a login file that others may read', async () => {
      await login(0o644);
      await w.finds(0, 'warning Doppler', 'is readable by others: chmod 600', undefined, signedOut);
      expect((await w.dcs(['whoami', 'doppler'], signedOut)).out).to.contain('is readable by others: chmod 600');
      await login(0o600);
      expect(notOk((await w.doctor([], signedOut)).findings).filter(({ what }) => what === 'Doppler')).to.deep.equal([]);
    });
    it('of a person, in CI', async () => {
      await w.finds(0, 'warning Doppler', 'a token of a person in CI', undefined, { env: { CI: 'true' } });
      expect(notOk((await w.doctor([], { env: { CI: 'false' } })).findings).filter(({ what }) => what === 'Doppler')).to.deep.equal([]);
    });
    it('of one config: the other environments are named as not looked at', async () => {
      const { code, findings } = await w.doctor([], { env: { DOPPLER_TOKEN: SEED.tokens.stg } });
      expect(code).to.equal(0);
      expect(findings.filter(({ message }) => message === 'not looked at: the service token opens stg alone')).to.have.length(2);
      expect(findings.map(({ what }) => what)).to.include.members(['Doppler shop/stg', 'api staging']);
    });
    it('none: 3, and everything else is still looked at', async () => {
      const { code, findings } = await w.doctor([], signedOut);
      expect(code).to.equal(3);
      expect(findings.find(({ what }) => what === 'Doppler')).to.include({ level: 'problem' });
      expect(findings.find(({ what }) => what === 'Doppler')!.try).to.include('dcs login doppler');
      expect(findings.map(({ what }) => what)).to.include.members(['git', 'Cloudflare', 'folders']);
    });
    it('refused by Cloudflare: 3', async () => {
      const { code, findings } = await w.doctor([], { env: { CLOUDFLARE_API_TOKEN: 'revoked' } });
      expect(code).to.equal(3);
      expect(findings.find(({ what }) => what === 'Cloudflare')).to.include({ level: 'problem' });
    });
  });

  describe('--fix', () => {
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    it('closes folders to others, and only those', async () => {
      await w.synced();
      await chmod(w.state(), 0o755);
      await chmod(w.state('keys'), 0o750);
      const file = await w.ledger('staging');
      await writeFile(file, 'damaged');
      const before = await w.doctor();
      expect(before.code).to.equal(6);
      expect(
        notOk(before.findings)
          .filter(({ what }) => what === 'folders')
          .flatMap((finding) => finding.try),
      ).to.deep.equal(['dcs doctor --fix', 'dcs doctor --fix']);
      expect(await modeOf(w.state())).to.equal(0o755);
      const text = await w.dcs(['doctor']);
      expect(text.out).to.contain('--fix mends 3');
      const fixed = await w.doctor(['--fix']);
      expect(fixed.findings.filter(({ mended }) => mended).map(({ what }) => what)).to.deep.equal(['folders', 'folders']);
      expect([await modeOf(w.state()), await modeOf(w.state('keys'))]).to.deep.equal([0o700, 0o700]);
      expect(fixed.code).to.equal(6);
      await w.finds(6, 'problem api staging', 'is damaged', `restore ${file}`);
    });
    it('alone: exit 2 before, 0 after', async () => {
      await w.synced();
      await chmod(w.state(), 0o711);
      await w.finds(2, 'problem folders', `${w.state()} is open to others (mode 711)`, 'dcs doctor --fix');
      expect((await w.doctor(['--fix'])).code).to.equal(0);
      expect(notOk((await w.doctor()).findings)).to.deep.equal([]);
    });
    it('removes the snapshots that do not open, and only those', async () => {
      await w.synced();
      await w.dcs(['run', '-e', 'dev', '--', 'true']);
      await w.dcs(['run', '-e', 'staging', '--', 'true'], { env: { DOPPLER_TOKEN: SEED.tokens.stg } });
      const folder = join(w.home, 'cache', 'dcs', 'snapshots');
      const before = await readdir(folder);
      await writeFile(join(folder, `${'0'.repeat(32)}.json`), 'damaged');
      const { code, findings } = await w.doctor();
      expect(code).to.equal(0);
      const shut = notOk(findings);
      expect(shut.map(({ what, level }) => [what, level])).to.deep.equal([
        ['cache', 'warning'],
        ['cache', 'warning'],
      ]);
      expect(shut.map(({ message }) => message).join('\n'))
        .to.contain('damaged does not open')
        .and.contain('shop/stg does not open');
      for (const finding of shut) expect(finding.try).to.include('dcs cache clean');
      expect(await readdir(folder)).to.have.length(before.length + 1);
      const fixed = await w.doctor(['--fix']);
      expect(fixed.findings.filter(({ mended }) => mended)).to.have.length(2);
      expect(await readdir(folder)).to.have.length(before.length - 1);
      const after = await w.doctor();
      expect(notOk(after.findings)).to.deep.equal([]);
    });
  });
});
