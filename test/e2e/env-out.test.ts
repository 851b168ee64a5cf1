import { execFileSync } from 'node:child_process';
import { access, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { expect } from 'chai';
import { canary, NASTY, refused, repository, type Repository } from './repository.ts';
import { YAML, type Ran } from './world.ts';

describe('dcs env, into a file', function () {
  this.timeout(60_000);
  let w: Repository;
  beforeEach(async () => {
    w = await repository();
  });
  afterEach(async () => {
    // Whoever waits to remove it has nothing left to wait for.
    await rm(join(w.project, '.env'), { force: true });
    await w.close();
  });

  const file = (name: string): string => join(w.project, name);
  const text = (name: string): Promise<string> => readFile(file(name), 'utf8');
  const stands = async (name: string): Promise<boolean> =>
    access(file(name)).then(
      () => true,
      () => false,
    );

  describe('--out', () => {
    const dotenv = ['env', '--format', 'dotenv', '--out'];

    it('writes a file for this user only, whole or not at all, and says nothing of the values', async () => {
      await writeFile(file('.env'), 'OLD=1', { mode: 0o644 });
      const before = await stat(file('.env'));
      const ran = await w.dcs([...dotenv, '.env']);
      expect(ran.code, ran.err).to.equal(0);
      expect(ran.out).to.equal('');
      expect(ran.err).to.contain('✓ .env written').and.not.to.contain(canary);
      expect(parseEnv(await text('.env')))
        .to.include({ CANARY: canary, NASTY })
        .and.not.to.have.property('OLD');
      const after = await stat(file('.env'));
      expect(after.mode & 0o777).to.equal(0o600);
      expect(after.ino).to.not.equal(before.ino);
      const json = (await w.dcs([...dotenv, '.env', '--json'])).json();
      expect(json).to.include({ schema: 1, file: file('.env') });
      expect(JSON.stringify(json)).to.not.contain(canary);
    });

    it('refuses what git tracks, or does not ignore, before anything is read', async () => {
      await w.forget();
      await writeFile(file('.env.tracked'), '');
      w.git('add', '-f', '.env.tracked');
      refused(await w.dcs([...dotenv, '.env.tracked']), 7, 'git tracks .env.tracked');
      refused(await w.dcs([...dotenv, 'plain.env']), 7, 'git does not ignore plain.env');
      refused(await w.dcs([...dotenv, ':(exclude)plain.env']), 7, 'git does not ignore');
      refused(await w.dcs([...dotenv, '.git/values']), 7, 'git cannot tell');
      refused(await w.dcs([...dotenv, '.env'], { env: { PATH: '/nowhere' } }), 7, 'git cannot tell');
      refused(await w.dcs([...dotenv, 'no/such/folder/.env']), 64, 'There is no folder');
      expect((await w.dcs([...dotenv, '.env.t*'])).code).to.equal(0);
      await w.forget();
      expect(await text('.env.tracked')).to.equal('');
      for (const name of ['plain.env', '.env', '.git/values']) expect(await stands(name), name).to.equal(false);
      expect(await w.journal()).to.deep.equal([]);
    });

    it('asks git about the place itself: a link to a folder leads into it', async () => {
      await mkdir(file('open'));
      const outside = await mkdtemp(join(tmpdir(), 'dcs-out-'));
      await symlink(outside, file('away'));
      await symlink(file('open'), join(outside, 'back'));
      refused(await w.dcs([...dotenv, join(outside, 'back', 'x.env')]), 7, 'git does not ignore');
      expect((await w.dcs([...dotenv, 'away/x.env'])).code).to.equal(0);
      expect(parseEnv(await readFile(join(outside, 'x.env'), 'utf8'))).to.include({ CANARY: canary });
    });

    it('follows no link and writes to nothing but a file', async () => {
      const outside = await mkdtemp(join(tmpdir(), 'dcs-out-'));
      await writeFile(join(outside, 'victim'), 'mine');
      await symlink(join(outside, 'victim'), file('.env'));
      await symlink(join(outside, 'absent'), file('.env.dangling'));
      await mkdir(file('.env.folder'));
      for (const name of ['.env', '.env.dangling']) refused(await w.dcs([...dotenv, name]), 7, 'symbolic link');
      refused(await w.dcs([...dotenv, '.env.folder']), 7, 'no plain file');
      refused(await w.dcs([...dotenv, '/dev/null']), 7, 'no plain file');
      expect(await readFile(join(outside, 'victim'), 'utf8')).to.equal('mine');
      expect((await lstat(file('.env'))).isSymbolicLink()).to.equal(true);
    });

    it('runs nothing that the configuration of the repository names', async () => {
      w.git('config', 'core.fsmonitor', `touch ${file('started')}; false`);
      await w.dcs([...dotenv, '.env']);
      expect(await stands('started')).to.equal(false);
    });

    it('says what the system does not let it write', async function () {
      if (process.platform !== 'linux') return this.skip();
      refused(await w.dcs([...dotenv, '/proc/dcs.env']), 2, '/proc/dcs.env cannot be written (E');
      refused(await w.dcs(['types', '--out', '/proc/dcs.d.ts']), 2, '/proc/dcs.d.ts cannot be written (E');
    });

    it('--for writes what the local tool of the target reads', async () => {
      await w.yaml(`${YAML}    rename: {STRIPE_KEY: PAYMENT}\n    exclude: [CANARY]\n    transform: {NASTY: [base64-encode]}\n`);
      const ran = await w.dcs(['env', '--for', 'api', '--out', '.dev.vars']);
      expect(ran.code, ran.err).to.equal(0);
      const found = parseEnv(await text('.dev.vars'));
      expect(found).to.include({ PAYMENT: 'sandbox-stripe-key-of-dev', NASTY: Buffer.from(NASTY).toString('base64') });
      expect(found).to.not.have.any.keys('STRIPE_KEY', 'CANARY');
      const { names } = (await w.dcs(['env', '--for', 'api', '--json'])).json() as { names: { name: string }[] };
      expect(names.find(({ name }) => name === 'PAYMENT')).to.include({ from: 'STRIPE_KEY', transformed: false });
      expect(names.find(({ name }) => name === 'NASTY')).to.include({ transformed: true });
      refused(await w.dcs(['env', '--out', '.env']), 64, 'Which format?');
    });
  });

  describe('--ttl', () => {
    const out = (name: string, ttl: string): Promise<Ran> => w.dcs(['env', '--format', 'dotenv', '--out', name, '--ttl', ttl]);
    const gone = async (name: string, ms: number): Promise<boolean> => {
      for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (!(await stands(name))) return true;
      return false;
    };
    const records = (): Promise<string[]> => readdir(join(w.home, 'state', 'dcs', 'expiring'));

    it('removes the file in time, without dcs, and leaves no record', async () => {
      expect((await out('.env', '2s')).err).to.contain('removed in 2 s');
      expect(await stands('.env')).to.equal(true);
      expect(await records()).to.have.length(1);
      expect(await gone('.env', 10_000)).to.equal(true);
      await sleep(200);
      expect(await records()).to.deep.equal([]);
    });

    it('leaves alone what is no longer the file that dcs wrote', async () => {
      await out('.env', '2s');
      await out('.env.edited', '2s');
      await writeFile(file('.env'), 'MINE=1');
      await rm(file('.env.edited'));
      await writeFile(file('.env.edited'), 'MINE=2');
      await sleep(4000);
      expect(await text('.env')).to.equal('MINE=1');
      expect(await text('.env.edited')).to.equal('MINE=2');
    });

    it('a later file has its own time', async () => {
      await out('.env', '1s');
      await out('.env', '10m');
      await sleep(3000);
      expect(await stands('.env')).to.equal(true);
    });

    for (const next of [['env'], ['run', '--', 'true']])
      it(`what the remover did not live to remove goes with the next dcs ${next[0]!}`, async () => {
        await out('.env', '10m');
        const [name] = await records();
        const record = join(w.home, 'state', 'dcs', 'expiring', name!);
        const pids = execFileSync('pgrep', ['-f', record], { encoding: 'utf8' }).trim().split('\n').map(Number);
        for (const pid of pids) process.kill(pid, 'SIGKILL');
        await writeFile(record, (await readFile(record, 'utf8')).replace(/"until":\d+/, '"until":1'));
        expect((await w.dcs(next)).code).to.equal(0);
        expect(await gone('.env', 5000)).to.equal(true);
      });

    it('gives the remover no variable and no value', async function () {
      if (process.platform !== 'linux') return this.skip();
      await out('.env', '30s');
      const [name] = await records();
      const [pid] = execFileSync('pgrep', ['-f', name!], { encoding: 'utf8' }).trim().split('\n');
      // Under coverage Node hands its own variable to every child.
      const environ = async (): Promise<string[]> =>
        (await readFile(`/proc/${pid}/environ`, 'latin1'))
          .split('\0')
          .filter((pair) => pair !== '' && !pair.startsWith('NODE_V8_COVERAGE='));
      // Before it has become the remover it is a copy of dcs.
      for (let tries = 0; tries < 50 && (await environ()).length > 0; tries++) await sleep(100);
      expect(await environ()).to.deep.equal([]);
      expect(await readFile(`/proc/${pid}/cmdline`, 'latin1')).to.not.contain(canary);
      process.kill(Number(pid), 'SIGKILL');
    });

    it('wants a file and a time', async () => {
      refused(await w.dcs(['env', '--format', 'json', '--reveal', '--ttl', '1m']), 64, '--out');
      refused(await out('.env', 'soon'), 64, '--ttl');
      expect(await stands('.env')).to.equal(false);
    });
  });
});
