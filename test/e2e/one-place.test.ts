import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

describe('dcs.yaml that would send two streams of secrets to one place', () => {
  let w: World;
  before(async () => {
    w = await world();
  });
  after(() => w.close());
  const ACCOUNT = /account_id: (\w+)/.exec(YAML)![1]!;
  const target = (name: string, worker: string, more = ''): string =>
    `  ${name}: {type: cloudflare, account_id: ${ACCOUNT}, worker: ${worker}, include: ["*"]${more}}\n`;
  const every = async (text: string): Promise<(readonly [number | null, string])[]> => {
    await w.yaml(`doppler: shop\ntargets:\n${text}`);
    const runs = [
      ['config', 'validate'],
      ['diff', '-e', 'staging'],
      ['sync', '-e', 'staging', '--yes'],
    ];
    return Promise.all(runs.map(async (words) => w.dcs(words).then(({ code, err }) => [code, err] as const)));
  };

  it('is refused before anything is read or written: two environments, two targets', async () => {
    await w.forget();
    for (const text of [
      target('api', '{staging: shop-api-staging, prod: shop-api-staging}'),
      target('api', '{staging: shop-api-staging}') + target('other', '{prod: shop-api-staging}'),
      target('api', '{staging: shop-api-staging}', ', shared: true') + target('other', '{staging: shop-api-staging}'),
    ])
      for (const [code, err] of await every(text)) {
        expect(code, err).to.equal(2);
        expect(err).to.contain('are one place').and.contain('shared: true');
      }
    expect((await w.journal()).filter(({ cloud }) => cloud === 'cloudflare')).to.deep.equal([]);
  });

  it('is taken where both say shared', async () => {
    const both =
      target('api', '{staging: shop-api-staging}', ', shared: true') + target('other', '{staging: shop-api-staging}', ', shared: true');
    const [validated] = await every(both);
    expect(validated![0], validated![1]).to.equal(0);
  });

  it('is refused when a target bears the name of another type', async () => {
    for (const [code, err] of await every(target('cloudflare-pages', '{staging: shop-api-staging}'))) {
      expect(code, err).to.equal(2);
      expect(err).to.contain('dcs.yaml:3:').and.contain('cloudflare-pages is the name of a type');
    }
  });

  it('fills variables into the core keys of a target too, and misses one only where it is used', async () => {
    await w.yaml(
      `doppler: shop\ntargets:\n${target('api', '{staging: shop-api-staging}').replace('["*"]', '["${WANTED}"], prefix: "${BEFORE}"')}`,
    );
    const diff = await w.dcs(['diff', '-e', 'staging'], { env: { WANTED: 'STRIPE_*', BEFORE: 'X_' } });
    expect(diff.code, diff.err).to.equal(0);
    expect(diff.out).to.contain('+ create  X_STRIPE_KEY').and.not.contain('JWT');
    expect((await w.dcs(['context'])).code).to.equal(0);
    for (const words of [
      ['diff', '-e', 'staging'],
      ['config', 'validate'],
    ]) {
      const missing = await w.dcs(words, { env: { WANTED: 'STRIPE_*' } });
      expect(missing.code).to.equal(2);
      expect(missing.err).to.contain('the variable BEFORE is not set');
    }
  });
});
