import { expect } from 'chai';
import { notOk, patient, type Patient } from './patient.ts';

const SECRET = 'sk_live_of_production_0123456789';

describe('values that environments share', () => {
  let w: Patient;
  beforeEach(async () => {
    w = await patient();
  });
  afterEach(() => w.close());

  it('diff --from --to: only here, only there, differs, same value; a protected one used elsewhere is a warning', async () => {
    await w.doppler('prd', { PAYMENT_KEY: SECRET, LOG_LEVEL: 'warn', PORT: '8080', ONLY_PROD: 'x1' });
    await w.doppler('dev', { STRIPE_TEST_KEY: SECRET, LOG_LEVEL: 'warn', PORT: '8080', ONLY_DEV: 'x2', CANARY: null, NASTY: null });
    const { code, out, err } = await w.dcs(['diff', '--from', 'prod', '--to', 'dev']);
    expect(code, err).to.equal(0);
    for (const line of [
      /- only in prod +ONLY_PROD/,
      /- only in prod +PAYMENT_KEY/,
      /\+ only in dev +ONLY_DEV/,
      /~ differs +JWT_SECRET/,
      /= same value +LOG_LEVEL/,
      /= same value +PORT/,
      /^! one value: prod PAYMENT_KEY, dev STRIPE_TEST_KEY: a protected environment's value should stand nowhere else$/m,
    ])
      expect(out).to.match(line);
    expect(out.match(/^!/gm)).to.have.length(1);
    expect(out)
      .to.not.contain(SECRET)
      .and.not.match(/[0-9a-f]{32}|[A-Za-z0-9+/]{40}/);
    const json = (await w.dcs(['diff', '--from', 'prod', '--to', 'dev', '--json'])).json();
    expect(json['shared']).to.deep.equal([
      [
        { environment: 'prod', name: 'PAYMENT_KEY' },
        { environment: 'dev', name: 'STRIPE_TEST_KEY' },
      ],
    ]);
    expect((await w.dcs(['diff', '--from', 'staging', '--to', 'dev'])).out).to.not.match(/^!/m);
  });

  it('doctor names them, over all environments, from one read of each', async () => {
    expect(notOk((await w.doctor()).findings).filter(({ what }) => what === 'values')).to.deep.equal([]);
    await w.doppler('prd', { STRIPE_KEY: SECRET });
    await w.doppler('stg', { STRIPE_KEY: SECRET });
    await w.doppler('dev', { OTHER: SECRET });
    await w.forget();
    const { code, findings } = await w.doctor();
    const [found, ...more] = notOk(findings).filter(({ what }) => what === 'values');
    expect([code, more]).to.deep.equal([0, []]);
    expect(found!.message).to.equal('one value: dev OTHER, staging STRIPE_KEY, prod STRIPE_KEY');
    expect(JSON.stringify(findings)).to.not.contain(SECRET);
    await w.doppler('dev', { OTHER: null, STRIPE_KEY: SECRET });
    const [again] = notOk((await w.doctor()).findings).filter(({ what }) => what === 'values');
    expect(again!.message).to.equal('dev, staging and prod share the value of STRIPE_KEY');
  });
});
