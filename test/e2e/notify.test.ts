import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

describe('dcs notify test', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(
      `${YAML}notifications:\n  slack: {type: slack, environments: [prod]}\n  webhook: {type: webhook}\n  email: {type: email, digest: daily}\n  pagerduty: {type: pagerduty}\n`,
    );
  });
  afterEach(() => w.close());
  const kept = async (name: string) => (await (await fetch(`${w.origin}/_sandbox/${name}`)).json()) as Record<string, unknown>[];

  it('sends to every channel, whatever it filters, and says which took it', async () => {
    const ran = await w.dcs(['notify', 'test', '-e', 'staging']);
    expect(ran.code, ran.err).to.equal(0);
    expect(ran.out.match(/✓ arrived at 127\.0\.0\.1/g)).to.have.length(4);
    expect(ran.out).not.to.contain('/services/').and.not.to.contain('whsec_').and.not.to.contain('password');
    for (const name of ['slack', 'inbox', 'mail']) expect(JSON.stringify(await kept(name)), name).to.contain('This is a test.');
    expect((await kept('pagerduty')).map(({ status, severity }) => [status, severity])).to.deep.equal([['resolved', 'info']]);
  });

  it('tries one, and ends with the code of what failed', async () => {
    await w.post('/_sandbox/faults', { cloud: 'slack', kind: 'status', status: 403, times: 'forever' });
    const ran = await w.dcs(['notify', 'test', 'slack', '--json']);
    expect(ran.code).to.equal(4);
    expect(ran.json()['channels']).to.deep.equal([
      { channel: 'slack', type: 'slack', arrived: false, error: { code: 'TARGET', message: 'Slack refused the message (403).' } },
    ]);
    expect((await w.dcs(['notify', 'test', 'webhook'])).code).to.equal(0);
    expect((await w.dcs(['notify', 'test', 'nowhere'])).code).to.equal(2);
    const bare = await w.dcs(['notify', 'test', 'webhook'], {
      env: { DCS_NOTIFY_WEBHOOK_URL: undefined, DCS_NOTIFY_WEBHOOK_SECRET: undefined },
    });
    expect(bare.code).to.equal(2);
    expect(bare.out).to.contain('No variable DCS_NOTIFY_WEBHOOK_* is set.');
  });

  it('takes no address from dcs.yaml', async () => {
    await w.yaml(`${YAML}notifications: {slack: {type: slack, url: "https://elsewhere.example/x"}}\n`);
    const ran = await w.dcs(['notify', 'test']);
    expect(ran.code).to.equal(2);
    expect(ran.err)
      .to.match(/dcs\.yaml:\d+:\d+/)
      .and.to.contain('url is unknown');
  });
});
