import { expect } from 'chai';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { KeyringItem } from '../../src/credentials/keyring.ts';
import { findToken, resolveToken, type AuthInputs } from '../../src/doppler/auth.ts';
import { dopplerSetup } from '../../src/doppler/login-file.ts';
import { checkToken } from '../../src/doppler/token.ts';
import { failure, json, useServer } from './server.ts';

const UUID = '8c1b2c6e-0d2f-4a4e-9a3a-1f2e3d4c5b6a';

describe('where the Doppler token comes from', () => {
  const wire = useServer();
  let root: string;
  let home: string;
  let cwd: string;
  let logged: string[];
  const inputs = (over: Partial<AuthInputs> = {}): AuthInputs => ({
    env: {},
    home,
    cwd,
    base: 'https://api.doppler.com',
    kept: async () => undefined,
    keyring: async () => undefined,
    log: (line) => void logged.push(line),
    ...over,
  });
  const loginFile = async (yaml: string, mode = 0o600): Promise<void> => {
    await mkdir(join(home, '.doppler'), { recursive: true });
    await writeFile(join(home, '.doppler', '.doppler.yaml'), yaml);
    await chmod(join(home, '.doppler', '.doppler.yaml'), mode);
  };
  const program = async (script: string): Promise<string> => {
    const bin = join(root, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'doppler'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return bin;
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'dcs-auth-'));
    [home, cwd, logged] = [join(root, 'home'), join(root, 'work', 'app'), []];
    await mkdir(home, { recursive: true });
    await mkdir(cwd, { recursive: true });
  });
  afterEach(() => rm(root, { recursive: true }));

  it('hands the login of one host to no other', async () => {
    const bin = await program('echo dp.ct.cli');
    await loginFile('scoped: {/: {token: dp.ct.file}}');
    const found = (base: string, env = {}) => findToken(inputs({ base, env }));
    expect((await found('https://api.doppler.com'))?.token).equal('dp.ct.file');
    for (const base of ['http://127.0.0.1:4000', 'https://api.doppler.com.evil.example', 'https://evil.example'])
      for (const env of [{}, { PATH: bin }]) expect(await found(base, env), base).equal(undefined);
    await loginFile('scoped: {/: {token: dp.ct.own, api-host: "https://doppler.example/"}}');
    expect((await found('https://doppler.example'))?.token).equal('dp.ct.own');
    expect(await found('https://api.doppler.com')).equal(undefined);
  });

  it('takes the first of the documented ways, and tells what it beats', async () => {
    const bin = await program('echo dp.ct.cli');
    await loginFile('scoped: {/: {token: dp.ct.file}}');
    const identity = { name: 'work', doppler: 'WORK_TOKEN', services: new Map() };
    const WORK_TOKEN = 'dp.pt.identity';
    const env = { DOPPLER_TOKEN: ' dp.st.prd.abc\n', PATH: bin, WORK_TOKEN };
    const from = async (over: Partial<AuthInputs>): Promise<unknown> => {
      const { token, from: source, beats } = await resolveToken(inputs(over));
      return [token, source, beats];
    };
    const kept = async (): Promise<string> => 'dp.sa.kept';
    expect(await from({ env, identity, kept })).deep.equal(['dp.st.prd.abc', 'DOPPLER_TOKEN', ['identity work', 'doppler login']]);
    expect(await from({ env: { PATH: bin, DOPPLER_TOKEN: ' ', WORK_TOKEN }, identity, kept })).deep.equal([
      'dp.pt.identity',
      'identity work',
      ['doppler login'],
    ]);
    const unset = await failure(resolveToken(inputs({ env: { PATH: bin }, identity, kept })));
    expect([unset.code, unset.message]).deep.equal([
      'AUTH',
      'WORK_TOKEN is not set: the identity work says that it holds the Doppler token here.',
    ]);
    expect(await from({ env: { PATH: bin }, kept })).deep.equal(['dp.sa.kept', 'dcs login', ['doppler login']]);
    expect(await from({ env: { PATH: bin } })).deep.equal(['dp.ct.cli', 'doppler login', []]);
    expect(await from({})).deep.equal(['dp.ct.file', 'doppler login', []]);
  });

  it('touches neither keyring nor programs when DOPPLER_TOKEN is there', async () => {
    const bin = await program(`touch ${join(root, 'ran')}`);
    const never = async (): Promise<never> => {
      throw new Error('touched');
    };
    expect((await resolveToken(inputs({ env: { DOPPLER_TOKEN: 'dp.ct.x', PATH: bin }, kept: never, keyring: never }))).kind).equal('cli');
    expect((await failure(readFile(join(root, 'ran')))).code).equal('ENOENT');
  });

  it('names three ways when there is no token', async () => {
    const error = await failure(resolveToken(inputs()));
    expect(error.code).equal('AUTH');
    expect(error.details?.['hint']).length(3);
    expect(await findToken(inputs())).equal(undefined);
  });

  it('asks the doppler program in the directory, without shell and without our token', async () => {
    const bin = await program(`echo "$*|$PWD|$HOME|\${DOPPLER_TOKEN-none}|\${OTHER-none}" > ${join(root, 'asked')}; echo dp.ct.cli`);
    await resolveToken(inputs({ env: { PATH: `${bin}:/bin:/usr/bin`, OTHER: 'x', DOPPLER_TOKEN: '' } }));
    expect((await readFile(join(root, 'asked'), 'utf8')).trim()).equal(
      `configure get token --plain --no-check-version|${cwd}|${home}|none|none`,
    );
  });

  it('runs no program that a repository brings', async () => {
    await writeFile(join(cwd, 'doppler'), '#!/bin/sh\necho dp.ct.evil\n', { mode: 0o755 });
    const before = process.cwd();
    process.chdir(cwd);
    try {
      expect(await findToken(inputs({ env: { PATH: '.::/bin' } }))).equal(undefined);
    } finally {
      process.chdir(before);
    }
  });

  it('reads the file when the program fails, and does not repeat what it printed', async () => {
    const bin = await program('echo dp.ct.leak >&2; echo dp.ct.leak; exit 1');
    await loginFile('scoped: {/: {token: dp.ct.file}}');
    expect((await resolveToken(inputs({ env: { PATH: bin } }))).token).equal('dp.ct.file');
    expect(logged.join('\n')).contain('ended with 1').not.contain('leak');
  });

  it('gives up on a program that hangs', async function () {
    this.timeout(12_000);
    const bin = await program('exec sleep 60');
    expect(await findToken(inputs({ env: { PATH: `${bin}:/bin:/usr/bin` } }))).equal(undefined);
    expect(logged.join('\n')).contain('within 5 s');
  });

  it('takes each option from the longest scope that holds the directory', async () => {
    await loginFile(
      [
        'scoped:',
        `  ${join(root, 'work')}: {token: dp.ct.work, enclave.config: dev}`,
        `  ${join(root, 'work', 'ap')}: {token: dp.ct.sibling}`,
        `  ${cwd}: {enclave.project: app}`,
        '  "*": {token: dp.ct.all, enclave.project: all}',
      ].join('\n'),
    );
    expect((await resolveToken(inputs())).token).equal('dp.ct.work');
    expect(await dopplerSetup(inputs())).deep.equal({ project: 'app', config: 'dev', from: 'doppler setup' });
    expect(await dopplerSetup(inputs({ cwd: root }))).deep.equal({ project: 'all', from: 'doppler setup' });
  });

  it('follows DOPPLER_CONFIG_DIR, and warns of a file others can read', async () => {
    const dir = join(root, 'elsewhere');
    await mkdir(dir);
    await writeFile(join(dir, '.doppler.yaml'), 'scoped: {/: {token: dp.ct.there}}', { mode: 0o644 });
    const found = await resolveToken(inputs({ env: { DOPPLER_CONFIG_DIR: dir } }));
    expect(found.token).equal('dp.ct.there');
    expect(found.warnings.join()).contain('chmod 600');
    const bin = await program('echo dp.ct.cli');
    const asked = await resolveToken(inputs({ env: { DOPPLER_CONFIG_DIR: dir, PATH: bin } }));
    expect([asked.token, asked.warnings]).deep.equal(['dp.ct.cli', found.warnings]);
    await loginFile('scoped: {/: {token: dp.ct.file}}');
    expect((await resolveToken(inputs())).warnings).deep.equal([]);
  });

  it('follows a reference into the OS keyring, and lives without one', async () => {
    await loginFile(`scoped: {/: {token: secret-${UUID}}}`);
    const asked: string[] = [];
    const item = (get: KeyringItem['get']): KeyringItem => ({ get, set: async () => undefined, delete: async () => false });
    const keyring = (get: KeyringItem['get']) => async (service: string, account: string) => {
      asked.push(`${service} ${account}`);
      return item(get);
    };
    expect((await resolveToken(inputs({ keyring: keyring(async () => 'dp.ct.keyring') }))).token).equal('dp.ct.keyring');
    expect(asked).deep.equal([`doppler-cli secret-${UUID}`]);
    expect(await findToken(inputs())).equal(undefined);
    expect(await findToken(inputs({ keyring: keyring(() => Promise.reject(new Error('locked'))) }))).equal(undefined);
    expect((await failure(resolveToken(inputs()))).details?.['why']).contain('OS keyring');
  });

  it('does not quote a login file it cannot read', async () => {
    await loginFile('scoped: {/: {token: dp.ct.hunter2');
    const error = await failure(resolveToken(inputs()));
    expect(error.code).equal('CONFIG');
    expect(inspect(error)).not.contain('hunter2');
  });

  it('exchanges the proof of a GitHub job for a short-lived token', async () => {
    wire.answer = ({ url }, response) =>
      url.startsWith('/actions') ? json(response, { value: 'jwt' }) : json(response, { token: 'dp.said.short', expires_at: 'x' });
    const env = {
      DCS_DOPPLER_IDENTITY: UUID,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${wire.base}/actions?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'gh',
    };
    const found = await resolveToken(inputs({ env, base: wire.base }));
    expect(found).include({ token: 'dp.said.short', kind: 'identity', from: 'OIDC of this CI job' });
    expect(wire.seen[0]).include({ method: 'GET', url: '/actions?api-version=2.0' });
    expect(wire.seen[0]?.headers.authorization).equal('Bearer gh');
    expect(wire.seen[1]).include({ method: 'POST', url: '/v3/auth/oidc', body: JSON.stringify({ identity: UUID, token: 'jwt' }) });
    expect(wire.seen[1]?.headers.authorization).equal(undefined);
  });

  it('explains a job that cannot prove itself, and one that Doppler refuses', async () => {
    expect((await failure(resolveToken(inputs({ env: { DOPPLER_OIDC_IDENTITY: UUID } })))).details?.['hint']?.toString()).contain(
      'id-token: write',
    );
    expect((await failure(resolveToken(inputs({ env: { DOPPLER_OIDC_IDENTITY: 'x' } })))).message).contain('UUID');
    wire.answer = ({ url }, response) =>
      url.startsWith('/actions') ? json(response, { value: 'jwt' }) : json(response, { messages: ['jwt is bad'] }, 401);
    const env = { DOPPLER_OIDC_IDENTITY: UUID, ACTIONS_ID_TOKEN_REQUEST_URL: `${wire.base}/actions`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'gh' };
    expect((await failure(resolveToken(inputs({ env, base: wire.base })))).code).equal('AUTH');
  });

  for (const [token, kind] of [
    ['dp.ct.x', 'cli'],
    ['dp.pt.x', 'personal'],
    ['dp.st.x', 'service'],
    ['dp.sa.x', 'service account'],
    ['dp.said.x', 'identity'],
    ['anything', 'unknown'],
  ] as const)
    it(`knows ${token} as ${kind}`, () => expect(checkToken(token, 'here').kind).equal(kind));

  it('reads the environment off a service token', () => {
    expect(checkToken('dp.st.prd_eu.AbC', 'here').environment).equal('prd_eu');
    expect(checkToken('dp.st.AbC', 'here').environment).equal(undefined);
  });

  for (const token of ['dp.scim.hunter2', 'dp.audit.hunter2', 'two words hunter2', 'hunter2\r\nx-evil: 1'])
    it(`refuses ${JSON.stringify(token.slice(0, 9))} without repeating it`, async () => {
      const error = await failure(resolveToken(inputs({ env: { DOPPLER_TOKEN: token } })));
      expect(error.code).equal('AUTH');
      expect(error.message).contain('DOPPLER_TOKEN');
      expect(inspect(error)).not.contain('hunter2');
    });
});
