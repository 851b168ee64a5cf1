import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

describe('dcs history and dcs explain', () => {
  let w: World;
  before(async () => {
    w = await world();
    const narrow = `  narrow: {type: cloudflare, account_id: ${/account_id: (\w+)/.exec(YAML)![1]!}, worker: {prod: shop-api}, include: [JWT_*], exclude: [JWT_SECRET]}\n`;
    const api = YAML.replace('{staging: shop-api-staging, prod: shop-api}', '{staging: shop-api-staging}').replace(
      'include: ["*"]',
      'include: ["*"]\n    rename: {STRIPE_KEY: PAY}',
    );
    await w.yaml(`${api}${narrow}secrets: {STRIPE_KEY: {required: [staging], owner: payments}}\n`);
  });
  after(() => w.close());

  it('tells nothing where nothing was written', async () => {
    expect((await w.dcs(['history'])).out).to.contain('Nothing was written that fits.');
  });

  it('tells when, by whom, what, newest first, and never a value', async () => {
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    await w.doppler('stg', { STRIPE_KEY: 'canary-moved' });
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    const all = await w.dcs(['history']);
    const [, newest, older] = all.out.split('\n');
    expect(newest).to.match(/staging +api +you +1 done: PAY$/);
    expect(older).to.match(/7 done: .* and 3 more$/);
    expect(all.out).to.not.contain('canary');
    const entries = (words: string[]): Promise<unknown[]> =>
      w.dcs(['history', '--json', ...words]).then((ran) => ran.json()['entries'] as unknown[]);
    expect(await entries([])).to.have.length(2);
    expect(await entries(['--limit', '1'])).to.have.length(1);
    expect(await entries(['--name', 'JWT_SECRET'])).to.have.length(1);
    expect(await entries(['nope'])).to.have.length(0);
    expect(await entries(['api', '-e', 'prod'])).to.have.length(0);
    expect(await entries(['--since', '1h'])).to.have.length(2);
    expect((await w.dcs(['history', '--since', 'soon'])).code).to.equal(64);
  });

  it('explains a name: Doppler, rules, targets', async () => {
    const ran = await w.dcs(['explain', 'STRIPE_KEY', '-e', 'staging']);
    expect(ran.code, ran.err).to.equal(0);
    expect(ran.out)
      .to.match(/Doppler +shop\/stg has a value/)
      .and.match(/secrets: +required in staging; string; ask payments/);
    expect(ran.out).to.match(/api +called PAY · include "\*", rename to PAY · = same/);
    await w.doppler('stg', { STRIPE_KEY: 'moved again' });
    expect((await w.dcs(['explain', 'STRIPE_KEY', '-e', 'staging'])).out)
      .to.contain('~ update  changed in Doppler')
      .and.not.contain('moved again');
    const left = await w.dcs(['explain', 'JWT_SECRET', '-e', 'prod', '--json']);
    expect((left.json()['targets'] as { because: string[] }[])[0]!.because).to.deep.equal(['exclude "JWT_SECRET"']);
    const made = await w.dcs(['explain', 'REDIS_URL', '-e', 'staging']);
    expect(made.out)
      .to.match(/made of REDIS_HOST/)
      .and.match(/written .* by you, sync [A-Z0-9]{6}/);
    expect((await w.dcs(['explain', 'STRIPE_KEY', '-e', 'staging'])).out).to.match(/changed (just now|\d+ seconds? ago) by You/);
    expect((await w.dcs(['explain', 'STRIPE_KEY', '-e', 'prod'])).out).to.contain('not included: include is "JWT_*"');
    const untaken = await w.dcs(['explain', 'STRIPE_KEY', '-e', 'dev']);
    expect(untaken.code, untaken.err).to.equal(0);
    expect(untaken.out).to.match(/Doppler +shop\/dev has a value/);
    const unknown = await w.dcs(['explain', 'STRIPE_KEX', '-e', 'staging']);
    expect(unknown.code).to.equal(64);
    expect(unknown.err).to.contain('did you mean STRIPE_KEY?');
  });
});
