import { expect } from 'chai';
import type { Entry, Put, Target } from 'dcs-sdk';
import type { GcpOptions } from '../src/options.ts';
import { connectSecrets } from '../src/target.ts';
import { AT_ONCE, create, openCloud, PROJECT, update, type Cloud } from './sandbox.ts';

const OWNER = 'https://api.doppler.com/shop/prd';
const NONE: ReadonlySet<string> = new Set();
const marked = (put: Put): Put => ({ ...put, mark: { owner: OWNER, created: put.action === 'create', mac: 'a1', keyId: 'k1' } });

describe('Google Secret Manager, a bundle', () => {
  let cloud: Cloud;
  beforeEach(async () => {
    cloud = await openCloud();
  });
  afterEach(() => cloud.stop());

  const open = (options: Partial<GcpOptions>): Target =>
    connectSecrets({ project_id: PROJECT, ...options }, cloud.context(), { pace: AT_ONCE });
  const results = async (target: Target, ...changes: readonly Put[]): Promise<string[]> =>
    (await target.write(changes)).map(({ result }) => result);
  const entry = async (target: Target, name: string): Promise<Entry | undefined> =>
    (await target.list(NONE)).entries.find((each) => each.name === name);
  const edit = (value: string): Promise<unknown> => cloud.backdoor('google/hand-edit', { project: PROJECT, name: 'env', value });

  it('keeps what others put into it, notes what is its own, and writes nothing over a newer version', async () => {
    const options = { mode: 'bundle', secret: 'env' } as const;
    await edit(JSON.stringify({ THEIRS: 'x', COUNT: 3 }));
    const target = open(options);
    const { entries } = await target.list(NONE);
    expect(entries.map(({ name, locked }) => [name, locked === undefined])).to.deep.equal([
      ['THEIRS', true],
      ['COUNT', false],
    ]);
    expect(await results(target, marked(create('A', 'one')), marked(create('__proto__', 'two')))).to.deep.equal(['done', 'done']);
    expect(await cloud.peek('env')).to.equal('{"THEIRS":"x","COUNT":3,"A":"one","__proto__":"two"}');
    expect((await entry(open(options), 'A'))?.mark).to.deep.equal({ owner: OWNER, created: true });
    expect((await entry(open(options), 'THEIRS'))?.mark).to.equal(undefined);
    await target.list(NONE);
    await edit('{"THEIRS":"y"}');
    expect(await results(target, marked(update('A', 'three')))).to.deep.equal(['conflict']);
    await edit('no JSON');
    let refused: unknown;
    await target.list(NONE).catch((error: unknown) => (refused = error));
    expect(String(refused)).to.contain('no JSON').and.to.contain('env');
  });

  it('is one version for all names, however many, and refuses what does not fit into one secret', async () => {
    const target = open({ mode: 'bundle', secret: 'env' });
    await target.list(NONE);
    await cloud.forget();
    expect(await results(target, ...Array.from({ length: 500 }, (_, index) => marked(create(`KEY_${index}`))))).to.include('done');
    expect((await cloud.sent()).filter(({ method }) => method !== 'GET')).to.have.length(2);
    expect(await results(target, marked(create('BIG', 'x'.repeat(65_000))))).to.deep.equal(['failed']);
    expect(Object.keys(JSON.parse((await cloud.peek('env'))!) as object)).to.have.length(500);
  });
});
