import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { bare, type Bare } from './plugins.ts';
import { startRegistry, type Registry } from './registry.ts';
import { YAML } from './world.ts';

describe('a plugin that is missing', function () {
  this.timeout(90_000);
  let registry: Registry;
  let m: Bare;
  const wrangler = JSON.stringify({
    name: 'shop-api',
    account_id: SEED.cloudflare.accountId,
    env: { staging: { name: 'shop-api-staging' } },
  });

  before(async () => {
    registry = await startRegistry();
    await registry.publishOwn(['dcs-plugin-cloudflare']);
  });
  after(() => registry.close());
  beforeEach(async () => {
    m = await bare(registry);
    registry.forget();
  });
  afterEach(() => m.world.close());

  it('is offered for its own command, which then runs as it was typed', async () => {
    const asked = m.at(['cloudflare', 'workers', 'list']);
    await asked.until('Install dcs-plugin-cloudflare 0.1.0?');
    asked.type('n\r');
    expect(await asked.ended).to.equal(64);
    expect(await m.plugins()).to.deep.equal([]);
    const again = m.at(['cloudflare', 'workers', 'list']);
    await again.until('Install dcs-plugin-cloudflare 0.1.0?');
    again.type('y\r');
    expect(await again.ended).to.equal(0);
    expect(again.shown()).to.contain('shop-api-staging');
    expect(await m.plugins()).to.deep.equal(['dcs-plugin-cloudflare 0.1.0']);
  });

  it('is offered for a target before anything is read, and the sync goes on', async () => {
    await m.world.yaml(YAML);
    await m.world.doppler('stg', { OFFERED: 'a value' });
    await m.world.forget();
    const synced = m.at(['sync', '-e', 'staging']);
    await synced.until('Install dcs-plugin-cloudflare 0.1.0?');
    expect(await m.world.journal()).to.deep.equal([]);
    synced.type('y\r');
    await synced.until('to staging?');
    synced.type('y\r');
    expect(await synced.ended).to.equal(0);
    expect(await m.world.worker('OFFERED')).to.equal('a value');
  });

  it('is offered by init, which goes on with it', async () => {
    await writeFile(join(m.world.project, 'wrangler.json'), wrangler);
    const made = m.at(['init', '--name', 'shop']);
    await made.until('Install dcs-plugin-cloudflare 0.1.0?');
    made.type('y\r');
    await made.until('Write it?');
    made.type('y\r');
    expect(await made.ended).to.equal(0);
    expect(await readFile(join(m.world.project, 'dcs.yaml'), 'utf8'))
      .to.contain('worker')
      .and.contain('shop-api-staging');
  });

  it('is a line to type where nobody can be asked: 64, and nothing was read or written', async () => {
    await m.world.yaml(YAML);
    await m.world.forget();
    for (const words of [
      ['cloudflare', 'workers', 'list'],
      ['cloudflare'],
      ['cloudflare', '--help'],
      ['provision', 'cloudflare'],
      ['sync', '-e', 'staging', '--yes'],
    ]) {
      const refused = await m.dcs(words);
      expect({ words, code: refused.code, says: (refused.out + refused.err).includes('dcs plugins install cloudflare') }).to.deep.equal({
        words,
        code: 64,
        says: true,
      });
    }
    expect(registry.requests).to.deep.equal([]);
  });

  it('stops init where nobody can be asked, unless told to go without', async () => {
    await writeFile(join(m.world.project, 'wrangler.json'), wrangler);
    const refused = await m.dcs(['init', '--yes', '--name', 'shop']);
    expect([refused.code, refused.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 64 && err.includes('dcs plugins install cloudflare'),
    );
    const without = await m.dcs(['init', '--yes', '--name', 'shop', '--no-plugins']);
    expect([without.code, without.err]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && err.includes('its plugin is not installed'),
    );
  });
});
