import { expect } from 'chai';
import { SHARED_KEY } from './machines.ts';
import { world, YAML, type Ran, type World } from './world.ts';

const CANARY = 'canary-5be1a7';
const ACCOUNT = JSON.stringify({
  private_key: `-----BEGIN KEY-----\n${CANARY}\n-----END KEY-----\n`,
  project: { number: 12345678901234567890n.toString() },
});
const ENCODED = Buffer.from(ACCOUNT).toString('base64');

interface Item {
  readonly name: string;
  readonly action: string;
  readonly reason: string;
  readonly note?: string;
}
const items = (run: Ran, key: 'changes' | 'others'): Item[] => (run.json()['targets'] as Record<string, Item[]>[])[0]![key]!;

describe('transform: from dcs.yaml to the Worker', () => {
  let w: World;
  const transform = (steps: string, more = ''): Promise<void> => w.yaml(`${YAML}    transform: {FIREBASE_KEY: ${steps}}\n${more}`);
  beforeEach(async () => {
    w = await world();
    await w.doppler('stg', { FIREBASE_KEY: `${ENCODED}\n` });
  });
  afterEach(() => w.close());

  const sync = (...more: string[]): Promise<Ran> => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  const diff = (...more: string[]): Promise<Ran> => w.dcs(['diff', '-e', 'staging', ...more]);

  it('writes what the steps make, under the new name, and then has nothing to do', async () => {
    await transform(
      '[decoded, {json: .private_key}]',
      '    rename: {FIREBASE_KEY: PRIVATE_KEY}\ntransforms: {decoded: [trim, base64-decode]}\n',
    );
    const first = await sync();
    expect(first.code, first.err).to.equal(0);
    expect(await w.worker('PRIVATE_KEY')).to.equal(`-----BEGIN KEY-----\n${CANARY}\n-----END KEY-----\n`);
    await w.forget();
    expect((await sync()).out).to.contain('Nothing to do');
    expect((await w.journal()).filter(({ cloud }) => cloud === 'doppler').map(({ status }) => status)).to.deep.equal([304]);
  });

  it('plans an update when a step or a chain is edited, though Doppler stands still', async () => {
    await transform('decoded', 'transforms: {decoded: [trim, base64-decode]}\n');
    await sync();
    expect(items(await diff('--json'), 'changes')).to.deep.equal([]);

    await transform('decoded', 'transforms: {decoded: [trim, base64-decode, {json: .private_key}]}\n');
    await w.forget();
    expect(items(await diff('--json'), 'changes')).to.deep.equal([{ name: 'FIREBASE_KEY', action: 'update', reason: 'changed' }]);
    expect(
      (await w.journal()).filter(({ cloud }) => cloud === 'doppler').map(({ status }) => status),
      'a fresh read',
    ).to.include(200);
    expect((await diff()).out).to.match(/~ update +FIREBASE_KEY +changed in dcs\.yaml/);
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('FIREBASE_KEY')).to.match(/^-----BEGIN/);

    await w.yaml(YAML);
    expect((await diff()).out).to.match(/~ update +FIREBASE_KEY +changed in dcs\.yaml/);
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('FIREBASE_KEY')).to.equal(`${ENCODED}\n`);
    await w.doppler('stg', { FIREBASE_KEY: 'moved' });
    expect((await diff()).out).to.match(/~ update +FIREBASE_KEY +changed in Doppler$/m);
  });

  it('holds a saved plan for stale when the transform was edited since', async () => {
    await transform('trim');
    await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY });
    await diff('--out', 'a.plan');
    await transform('[trim, base64-decode]');
    const stale = await w.dcs(['sync', '--plan', 'a.plan', '--yes', '-e', 'staging']);
    expect(stale.code, stale.err).to.equal(6);
    expect(await w.worker('FIREBASE_KEY')).to.equal(undefined);
  });

  it('blocks the name whose value does not fit, writes the others, and says so with 5', async () => {
    await transform('[base64-decode, {json: .private_key}]'); // the line break at the end is no base64
    const planned = await diff('--json');
    const note = 'transform step 1 (base64-decode): the value is not base64';
    expect(items(planned, 'others')).to.deep.include({ name: 'FIREBASE_KEY', action: 'blocked', reason: 'untransformed', note });
    expect((await diff()).out)
      .to.contain(`! blocked FIREBASE_KEY`)
      .and.to.contain(note);

    const run = await sync();
    expect(run.code, run.err).to.equal(5);
    expect(await w.worker('FIREBASE_KEY')).to.equal(undefined);
    expect(await w.worker('STRIPE_KEY')).to.be.a('string');

    const again = await sync();
    expect(again.code, 'nothing was left to write: what failed is the configuration').to.equal(2);
    for (const { out, err } of [planned, run, again])
      expect(out + err)
        .to.not.contain(CANARY)
        .and.to.not.contain(ENCODED);

    await transform('[trim, base64-decode, {json: .private_key}]');
    expect((await sync()).code).to.equal(0);
    expect(await w.worker('FIREBASE_KEY')).to.match(/^-----BEGIN/);
  });

  it('keeps the value that is there when the next one does not fit, and holds back deletes', async () => {
    await w.doppler('stg', { EXTRA: 'one' });
    await transform('[trim, base64-decode]');
    await sync();
    await w.doppler('stg', { FIREBASE_KEY: `${CANARY}!`, EXTRA: null });
    const run = await sync('--prune');
    expect(run.code).to.equal(2);
    expect(run.out + run.err).to.not.contain(CANARY);
    expect([await w.worker('FIREBASE_KEY'), await w.worker('EXTRA')]).to.deep.equal([ACCOUNT, 'one']);
  });

  it('gives dcs run --for the same value, and leaves out with a reason what does not fit', async () => {
    const print = [
      '--for',
      'api',
      '-e',
      'staging',
      '--',
      process.execPath,
      '-p',
      'JSON.parse(process.env.FIREBASE_KEY ?? `{"project":{"number":"none"}}`).project.number',
    ];
    await transform('[trim, base64-decode]');
    expect((await w.dcs(['run', ...print])).out).to.equal('12345678901234567890\n');
    await transform('base64-decode');
    const left = await w.dcs(['run', ...print]);
    expect(left.out).to.equal('none\n');
    expect(left.err)
      .to.contain('FIREBASE_KEY left out: transform step 1 (base64-decode): the value is not base64')
      .and.to.not.contain(ENCODED);
  });

  it('shows the steps in dcs config show, chains unfolded', async () => {
    await transform('[decoded, {json: .private_key}]', 'transforms: {decoded: [trim, base64-decode]}\n');
    const [target] = (await w.dcs(['config', 'show', '--json'])).json()['targets'] as Record<string, unknown>[];
    expect(target!['transform']).to.deep.equal({ FIREBASE_KEY: ['trim', 'base64-decode', { json: '.private_key' }] });
  });

  it('says line and column of a step that is none', async () => {
    await transform('[trim, base46-decode]');
    const run = await diff();
    expect(run.code).to.equal(2);
    expect(run.err).to.match(/dcs\.yaml:8:38: "base46-decode" is no step and no chain; did you mean "base64-decode"\?/);
  });
});
