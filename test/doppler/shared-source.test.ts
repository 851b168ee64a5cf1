import { expect } from 'chai';
import type { Source, SourceRead } from 'dcs-sdk';
import { sharedSource } from '../../src/doppler/shared-source.ts';

describe('one source for many', () => {
  let asked: (string | undefined)[];
  let version: string;
  let broken: boolean;
  const source: Source = {
    title: 'Doppler shop/prd',
    identity: 'x',
    async read(unless) {
      asked.push(unless);
      await new Promise((done) => setTimeout(done, 5));
      if (broken) throw new Error('down');
      return unless === version ? undefined : { identity: 'x', version, secrets: new Map() };
    },
  };
  beforeEach(() => {
    [asked, version, broken] = [[], 'v2', false];
  });
  const all = async (known: readonly (string | undefined)[], shared = sharedSource(source)): Promise<(string | undefined)[]> =>
    (await Promise.all(known.map((each) => shared.read(each)))).map((read: SourceRead | undefined) => read?.version);

  it('is asked once where all know its version', async () => {
    expect(await all(['v2', 'v2', 'v2'])).to.deep.equal([undefined, undefined, undefined]);
    expect(asked).to.deep.equal(['v2']);
  });
  it('is downloaded once where none knows it, whatever each of them knows', async () => {
    expect(await all(['v1', undefined, 'v2', 'v0'])).to.deep.equal(['v2', 'v2', undefined, 'v2']);
    expect(asked).to.deep.equal(['v1']);
  });
  it('is downloaded once after it told one of them that nothing changed', async () => {
    expect(await all(['v2', 'v1', undefined, 'v2'])).to.deep.equal([undefined, 'v2', 'v2', undefined]);
    expect(asked).to.deep.equal(['v2', undefined]);
  });
  it('fails once for all', async () => {
    broken = true;
    const shared = sharedSource(source);
    const ends = await Promise.allSettled([shared.read(), shared.read('v1'), shared.read()]);
    expect(ends.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    expect(asked).to.have.length(1);
  });
  it('is asked anew after something was written', async () => {
    const shared = sharedSource(source);
    await all([undefined], shared);
    version = 'v3';
    expect(await all(['v2'], shared)).to.deep.equal([undefined]);
    shared.renew();
    expect(await all(['v2', undefined], shared)).to.deep.equal(['v3', 'v3']);
    expect(asked).to.deep.equal([undefined, 'v2']);
  });
});
