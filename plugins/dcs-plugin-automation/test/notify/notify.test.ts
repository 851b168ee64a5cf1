import { expect } from 'chai';
import { notify } from '../../src/notify/notify.ts';
import { notice } from './host.ts';
import { stage, type Stage } from './stage.ts';

const results = async (s: Stage, ...notices: ReturnType<typeof notice>[]) => (await notify(s.host, notices)).map(({ result }) => result);

describe('notifications: what arrives', () => {
  let s: Stage;
  afterEach(() => s.sandbox.close());

  it('Slack gets blocks that it takes, with names and nothing that it would read as markup', async () => {
    s = await stage({ slack: { type: 'slack' } });
    const odd = notice({ event: 'refused', target: '<!channel>', names: ['A&B', 'OTHER'], message: 'No <script> & no\nnews' });
    expect(
      await results(s, notice(), odd, notice({ event: 'synced', target: 'web', message: undefined, code: undefined } as never)),
    ).to.deep.equal(['sent']);
    const [message] = await s.kept('slack');
    const text = JSON.stringify(message);
    expect(message!['text']).to.equal('shop prod: 1 failed, 1 refused, 1 synced');
    expect(text).to.contain('STRIPE_KEY, JWT_SECRET').and.to.contain('&lt;!channel&gt;').and.to.contain('A&amp;B');
    expect(text).not.to.contain('<!channel>').and.not.to.contain('<script>');
  });

  it('Slack takes any number of notices and names of any length', async () => {
    s = await stage({ slack: { type: 'slack' } });
    const many = Array.from({ length: 120 }, (_, index) =>
      notice({ target: `t${index}`, names: Array.from({ length: 300 }, (__, n) => `${'N<'.repeat(90)}${n}`), message: '<&>'.repeat(2000) }),
    );
    expect(await results(s, ...many)).to.deep.equal(['sent']);
    const [message] = (await s.kept('slack')) as { blocks: { type: string }[] }[];
    expect(message!.blocks).to.have.length(48);
    expect(JSON.stringify(message!.blocks.at(-1))).to.contain('and 74 more');
  });

  it('a webhook gets what happened, signed so that its receiver can tell', async () => {
    s = await stage({ webhook: { type: 'webhook', events: ['failed', 'in-sync'] } });
    await notify(s.host, [notice(), notice({ event: 'in-sync', target: 'web' }), notice({ event: 'synced', target: 'db' })]);
    const [letter] = (await s.kept('inbox')) as { body: { schema: number; notices: unknown[] } }[];
    expect(letter!.body.schema).to.equal(1);
    expect(letter!.body.notices).to.deep.equal([notice(), notice({ event: 'in-sync', target: 'web' })]);
  });

  it('PagerDuty opens one incident a target and resolves it when the target is well again', async () => {
    s = await stage({ pagerduty: { type: 'pagerduty' } });
    const all = async () => (await s.kept('pagerduty')).map(({ dedup_key: key, status }) => [key, status]);
    await notify(s.host, [notice(), notice({ target: 'web', event: 'synced' })]);
    expect(await all()).to.deep.equal([['dcs/shop/prod/api', 'triggered']]);
    await notify(s.host, [notice({ event: 'drifted' })]);
    expect(await all()).to.have.length(1);
    await notify(s.host, [notice({ event: 'in-sync' })]);
    expect(await all()).to.deep.equal([['dcs/shop/prod/api', 'resolved']]);
    const [incident] = await s.kept('pagerduty');
    expect(incident).to.include({ severity: 'warning', source: 'shop/prod' });
    expect(incident!['events']).to.deep.equal(['trigger', 'trigger', 'resolve']);
  });

  it('PagerDuty hears when all of an environment fails, and when a target is reached again', async () => {
    s = await stage({ pagerduty: { type: 'pagerduty' } });
    const { target: _, ...whole } = notice({ code: 'AUTH', message: 'Doppler refused the token.' });
    await notify(s.host, [whole]);
    await notify(s.host, [notice()]);
    expect((await s.kept('pagerduty')).map(({ dedup_key: key, status }) => [key, status])).to.deep.equal([
      ['dcs/shop/prod/*', 'resolved'],
      ['dcs/shop/prod/api', 'triggered'],
    ]);
  });

  it('mail names what happened, from and to whom the variables say', async () => {
    s = await stage({ email: { type: 'email' } });
    expect(await results(s, notice({ message: 'First line\r\nBcc: everybody@example.com' }))).to.deep.equal(['sent']);
    const [letter] = (await s.kept('mail')) as { text: string; subject: string; to: string[]; from: string }[];
    expect(letter).to.deep.include({ to: ['ops@shop.example'], from: 'dcs@shop.example', subject: 'dcs: shop prod: 1 failed' });
    expect(letter!.text).to.contain('api on prod: failed 2 names').and.to.contain('STRIPE_KEY, JWT_SECRET');
  });

  it('channels hear only what they asked for', async () => {
    s = await stage({
      slack: { type: 'slack', environments: ['prod'], targets: ['api'], events: ['failed'] },
      webhook: { type: 'webhook', environments: ['dev'] },
    });
    expect(await results(s, notice({ target: 'web' }), notice({ event: 'drifted' }), notice({ environment: 'staging' }))).to.deep.equal([
      'silent',
      'silent',
    ]);
    const { target: _, ...whole } = notice();
    expect(await results(s, whole)).to.deep.equal(['sent', 'silent']);
    expect(await s.kept('slack')).to.have.length(1);
    expect(s.calls('inbox')).to.deep.equal([]);
  });

  it('names can be a number', async () => {
    const count = { names: 'count' };
    s = await stage({
      slack: { type: 'slack', ...count },
      webhook: { type: 'webhook', ...count },
      pagerduty: { type: 'pagerduty', ...count },
      email: { type: 'email', ...count },
    });
    expect(await results(s, notice())).to.deep.equal(['sent', 'sent', 'sent', 'sent']);
    const all = JSON.stringify(await Promise.all((['slack', 'inbox', 'pagerduty', 'mail'] as const).map((name) => s.kept(name))));
    expect(all).to.contain('failed 2 names').and.to.contain('"count":2').and.to.contain('TARGET');
    expect(all).not.to.contain('STRIPE_KEY').and.not.to.contain('JWT_SECRET');
  });

  it('PagerDuty is told by who opened an incident that it is over; jobs of CI, which remember nothing, tell always', async () => {
    s = await stage({ pagerduty: { type: 'pagerduty' } });
    await notify(s.host, [notice({ event: 'in-sync' }), notice({ event: 'synced', target: 'web' })]);
    expect(s.calls('pagerduty')).to.deep.equal([]);
    await s.sandbox.close();
    s = await stage({ pagerduty: { type: 'pagerduty' } }, { CI: 'true' });
    await notify(s.host, [notice({ event: 'in-sync' })]);
    expect(s.calls('pagerduty')).to.deep.equal([202, 202]);
  });

  it('PagerDuty hears of many targets; what it did not take is told again, and nothing else', async () => {
    s = await stage({ pagerduty: { type: 'pagerduty' } });
    const many = Array.from({ length: 200 }, (_, index) => notice({ target: `t${index}` }));
    await s.fault({ cloud: 'pagerduty', kind: 'status', status: 403, nth: 10, every: 50, times: 4 });
    expect((await notify(s.host, many))[0]).to.include({ result: 'failed' });
    expect(await s.kept('pagerduty')).to.have.length(196);
    expect((await notify(s.host, many))[0]).to.include({ result: 'sent' });
    expect((await s.kept('pagerduty')).map(({ events }) => (events as string[]).length)).to.deep.equal(
      Array.from({ length: 200 }, () => 1),
    );
  });

  it('the same trouble is told once, until it is over; programs hear of every run', async () => {
    s = await stage({ slack: { type: 'slack' }, webhook: { type: 'webhook' } });
    for (let run = 0; run < 3; run++) await notify(s.host, [notice()]);
    expect([(await s.kept('slack')).length, (await s.kept('inbox')).length]).to.deep.equal([1, 3]);
    await notify(s.host, [notice({ names: ['OTHER'] })]);
    await notify(s.host, [notice({ event: 'in-sync' })]);
    await notify(s.host, [notice({ names: ['OTHER'] })]);
    expect(await s.kept('slack')).to.have.length(3);
    for (let run = 0; run < 2; run++) await notify(s.host, [notice({ event: 'synced' })]);
    expect(await s.kept('slack')).to.have.length(5);
  });

  it('runs that end at the same time forget nothing of each other', async () => {
    s = await stage({ slack: { type: 'slack' } });
    const targets = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const all = (event: 'failed' | 'in-sync') => Promise.all(targets.map((target) => notify(s.host, [notice({ target, event })])));
    await all('failed');
    await all('in-sync');
    await all('failed');
    await all('failed');
    expect(await s.kept('slack')).to.have.length(40);
  });

  it('a channel without its variables is silent, one with half of them says which is missing', async () => {
    s = await stage({ webhook: { type: 'webhook' }, ops: { type: 'slack' } }, { DCS_NOTIFY_WEBHOOK_SECRET: undefined });
    expect(await results(s, notice())).to.deep.equal(['failed']);
    expect(s.notes).to.deep.equal(['notifications: webhook: DCS_NOTIFY_WEBHOOK_SECRET is not set.']);
  });
});
