import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createHttp, Secret, type Context, type DcsError } from 'dcs-sdk';
import { neon } from '../../dcs-plugin-sandbox/src/neon/cloud.ts';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import { startSandbox, type Sandbox } from '../../dcs-plugin-sandbox/src/server/server.ts';
import { connectionString, partsOf } from '../src/connection.ts';
import service from '../src/service.ts';
import { expiryIn, pointIn } from '../src/times.ts';

describe('signing in to Neon', () => {
  let sandbox: Sandbox;
  let home: string;
  beforeEach(async () => {
    sandbox = await startSandbox({ clouds: [neon()] });
    home = await mkdtemp(join(tmpdir(), 'dcs-neon-home-'));
  });
  afterEach(async () => {
    await sandbox.close();
    await rm(home, { recursive: true });
  });

  const context = ({
    env = {},
    kept,
    base = `${sandbox.origin}/api/v2`,
  }: { env?: Context['env']; kept?: string; base?: string } = {}): Context => ({
    http: createHttp({ base, name: 'Neon' }),
    env: { HOME: home, ...env },
    signal: new AbortController().signal,
    log: () => {},
    kept: async () => kept,
  });
  async function vendorLogin(login: object): Promise<void> {
    await mkdir(join(home, '.config', 'neonctl'), { recursive: true });
    await writeFile(join(home, '.config', 'neonctl', 'credentials.json'), JSON.stringify(login));
  }
  const official = 'https://console.neon.tech/api/v2';

  it("takes the shell's key, then the kept one, then the login of Neon's own CLI", async () => {
    await vendorLogin({ access_token: 'theirs', expires_at: Date.now() + 60_000 });
    const found = await service.credential(context({ env: { NEON_API_KEY: 'mine' }, kept: 'kept', base: official }));
    expect(found).to.deep.equal({ token: 'mine', from: 'NEON_API_KEY', beats: ['the key kept by dcs login', 'the login of the neon CLI'] });
    expect(await service.credential(context({ kept: 'kept', base: official }))).to.include({ token: 'kept', from: 'dcs login neon' });
    expect(await service.credential(context({ base: official }))).to.include({ token: 'theirs' });
  });

  it('never sends that login to another host, nor one that has expired', async () => {
    await vendorLogin({ access_token: 'theirs', expires_at: Date.now() + 60_000 });
    expect(await service.credential(context())).to.equal(undefined);
    await vendorLogin({ access_token: 'theirs', expires_at: Date.now() - 1 });
    expect(await service.credential(context({ base: official }))).to.equal(undefined);
    await vendorLogin({});
    expect(await service.credential(context({ base: official }))).to.equal(undefined);
  });

  it('tells whose key it is, and warns of one that reaches everything', async () => {
    const person = { token: SEED.neon.key, from: 'NEON_API_KEY', beats: [] };
    const who = await service.whoami(person, context());
    expect(who.account).to.contain('@');
    expect(who.warnings.join()).to.contain('one project');
    const org = await service.whoami({ ...person, token: SEED.neon.orgKey }, context());
    expect(org.account).to.contain(SEED.neon.org);
    expect(org.warnings).to.deep.equal([]);
  });

  it('says where a refused key comes from, and nothing of it', async () => {
    const refused = await service
      .whoami({ token: 'napi_wrong', from: 'dcs login neon', beats: [] }, context())
      .catch((error: unknown) => error as DcsError);
    expect(refused).to.have.property('code', 'AUTH');
    expect(JSON.stringify(refused)).to.contain('dcs login neon').and.not.to.contain('napi_wrong');
  });
});

describe('what people write, and what Neon answers', () => {
  it('finds the host behind a password of any kind, and no host in anything else', () => {
    const query = '?sslmode=require&channel_binding=require';
    for (const password of ['plain', 'p@ss/w:rd#1?x', 'p%40ss', '@@'])
      expect(partsOf(`postgresql://me:${password}@ep-cool.eu.neon.tech/db${query}`, 'it')).to.deep.equal({
        host: 'ep-cool.eu.neon.tech',
        query,
      });
    for (const uri of ['', 'https://a/b', 'postgresql://host/db', 'postgresql://a:b@/db'])
      expect(() => partsOf(uri, 'it')).to.throw('undocumented');
  });

  it('makes a connection string that carries any password, and leads to no other host', () => {
    const address = {
      host: 'ep-cool.eu.neon.tech',
      pooled: 'ep-cool-pooler.eu.neon.tech',
      database: 'a/b',
      role: 'me@home',
      query: '?sslmode=require',
    };
    for (const password of ['p@ss/w:rd#1?x', '@evil.example/', 'a%40b', 'zażółć 🔑', ' &=+;\'"'])
      for (const [through, host] of [
        ['direct', address.host],
        ['pooled', address.pooled],
      ] as const) {
        const url = new URL(connectionString({ ...address, password: new Secret(password) }, through).reveal());
        expect(url.host).to.equal(host);
        expect([url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)).to.deep.equal(['me@home', password, 'a/b']);
        expect([url.search, url.hash]).to.deep.equal(['?sslmode=require', '']);
      }
  });

  it('reads times to live and points of history, and refuses what is neither', () => {
    expect(expiryIn('90m', new Date('2026-11-21T10:00:00.500Z'))).to.equal('2026-11-21T11:30:00Z');
    for (const ttl of ['0m', '31d', '1w', '-1d', '', '1.5h']) expect(() => expiryIn(ttl, new Date()), ttl).to.throw('no time to live');
    expect(pointIn('0/1A2B3C4')).to.deep.equal({ lsn: '0/1A2B3C4' });
    expect(pointIn('2026-11-21T12:00:00+02:00')).to.deep.equal({ timestamp: '2026-11-21T10:00:00.000Z' });
    for (const point of ['yesterday', '2026-11-21', '2026-11-21T12:00', '0/XYZ']) expect(() => pointIn(point), point).to.throw('neither');
  });
});
