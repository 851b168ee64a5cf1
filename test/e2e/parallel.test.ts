import { expect } from 'chai';
import { world, type World } from './world.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';

const { accountId, token } = SEED.cloudflare;

describe('five targets, each 300 ms away', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  it('take at most 1.2 times as long as one', async function () {
    this.timeout(120_000);
    this.retries(2); // a busy machine; what runs one after the other fails every time
    const names = ['one', 'two', 'three', 'four', 'five'];
    for (const name of names) await upload(`w-${name}`);
    await w.yaml(yaml(names));
    await w.dcs(['context']); // fills the compile cache
    await w.post('/_sandbox/delay', { ms: 300 });
    const alone = await took(['sync', 'one', '-e', 'staging', '--yes']);
    const together = await took(['sync', ...names.slice(1), '-e', 'staging', '--yes']);
    expect(await w.worker('STRIPE_KEY', 'w-five')).to.be.a('string');
    expect(together / alone).to.be.at.most(1.2);
  });

  async function took(args: readonly string[]): Promise<number> {
    const started = performance.now();
    const { code, err, out } = await w.dcs(args);
    expect(code, err + out).to.equal(0);
    return performance.now() - started;
  }

  async function upload(name: string): Promise<void> {
    const form = new FormData();
    form.set('metadata', JSON.stringify({ main_module: 'index.js' }));
    form.set('index.js', new File(['export default {}'], 'index.js', { type: 'application/javascript+module' }));
    const answer = await fetch(`${w.origin}/client/v4/accounts/${accountId}/workers/scripts/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: form,
    });
    if (!answer.ok) throw new Error(`the upload answered ${answer.status}`);
  }
});

function yaml(names: readonly string[]): string {
  const target = (name: string): string =>
    `  ${name}: {type: cloudflare, account_id: ${accountId}, worker: {staging: w-${name}}, include: ["*"]}`;
  return `doppler: shop\ntargets:\n${names.map(target).join('\n')}\n`;
}
