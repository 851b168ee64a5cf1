import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { notOk, patient, type Patient } from './patient.ts';

const ALL = `doppler: shop
targets:
  web: {type: cloudflare-pages, account_id: ${SEED.cloudflare.accountId}, project: {staging: shop-web}, pages_environment: preview, include: [STRIPE_KEY]}
  api: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: {staging: shop-api-staging}, include: [STRIPE_KEY]}
`;

describe("Doppler's own syncs beside dcs", () => {
  let w: Patient;
  beforeEach(async () => {
    w = await patient();
    await w.yaml(ALL);
    w.git('commit', '-qam', 'two targets');
  });
  afterEach(() => w.close());

  const ask = async (path: string, body: unknown): Promise<Record<string, { slug: string }>> => {
    const answer = await fetch(`${w.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return (await answer.json()) as never;
  };
  const native = async (type: string, config: string): Promise<void> => {
    const { integration } = await ask('/v3/integrations', { type, name: 'Acme Pages', data: {} });
    await ask(`/v3/configs/config/syncs?project=shop&config=${config}`, { integration: integration!.slug, data: { project: 'shop-web' } });
  };
  const asked = async (): Promise<number> => (await w.journal()).filter(({ path }) => path === '/v3/integrations').length;

  it('are told by doctor and diff where they write what a target writes, and are no error', async () => {
    await native('cloudflare_pages', 'stg');
    const diff = await w.dcs(['diff', '-e', 'staging']);
    expect(diff.code, diff.err).to.equal(0);
    expect(diff.out).to.contain(
      `! Doppler's own sync "Acme Pages" (cloudflare_pages) sends shop/stg to Cloudflare Pages project too: where that is the place of web`,
    );
    expect(diff.out).to.not.contain('place of api');
    expect((await w.dcs(['diff', '-e', 'staging', '--json'])).json()['nativeSyncs']).to.deep.equal([
      { target: 'web', name: 'Acme Pages', type: 'cloudflare_pages', project: 'shop', config: 'stg' },
    ]);
    const { code, findings } = await w.doctor();
    const said = notOk(findings).filter(({ message }) => message.includes('own sync'));
    expect([code, said.map(({ what, level }) => `${level} ${what}`)]).to.deep.equal([0, ['warning Doppler']]);
    expect(said[0]!.try.join()).to.contain('dashboard');
  });

  it('are no matter where they send another config, to another platform, or where only Workers are written', async () => {
    await native('cloudflare_pages', 'prd');
    await native('gcp_secret_manager', 'stg');
    expect((await w.dcs(['diff', '-e', 'staging'])).out).to.not.contain('own sync');
    expect(notOk((await w.doctor()).findings).filter(({ message }) => message.includes('own sync'))).to.deep.equal([]);
    await w.forget();
    expect((await w.dcs(['diff', 'api', '-e', 'staging'])).code).to.equal(0);
    expect(await asked()).to.equal(0);
  });

  it('are not spoken of to a token that may not look, nor where Doppler does not answer', async () => {
    await native('cloudflare_pages', 'stg');
    for (const [fault, env] of [
      [undefined, { DOPPLER_TOKEN: SEED.tokens.stg }],
      [404, {}],
      [403, {}],
    ] as const) {
      if (fault)
        await w.post('/_sandbox/faults', {
          cloud: 'doppler',
          route: 'GET /v3/integrations',
          kind: 'status',
          status: fault,
          body: {},
          times: 2,
        });
      await w.forget();
      const diff = await w.dcs(['diff', '-e', 'staging'], { env });
      expect([diff.code, diff.err + diff.out], diff.err).to.satisfy(
        ([code, text]: [number, string]) => code === 0 && !text.includes('own sync'),
      );
      const { findings } = await w.doctor([], { env });
      expect(notOk(findings).filter(({ message }) => /own sync|integration/.test(message))).to.deep.equal([]);
      expect(await asked()).to.equal(2);
    }
    await w.post('/_sandbox/faults', {
      cloud: 'doppler',
      route: 'GET /v3/integrations',
      kind: 'status',
      status: 500,
      body: {},
      times: 'forever',
    });
    expect((await w.dcs(['diff', '-e', 'staging'])).code).to.equal(0);
  });
});
