import { expect } from 'chai';
import { together } from '../../src/doppler/together.ts';

describe('what is sent together', () => {
  it('is one request for all that was asked for meanwhile, within bounds', async () => {
    const sent: string[][] = [];
    const send = together<string>(async (all) => {
      sent.push([...all]);
      await new Promise(setImmediate);
    }, 3);
    const first = send('a');
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([first, ...['b', 'c', 'd', 'e'].map(send)]);
    expect(sent).deep.equal([['a'], ['b', 'c', 'd'], ['e']]);
    await send('f');
    expect(sent.at(-1)).deep.equal(['f']);
  });

  it('fails for whom it fails, and for nobody else', async () => {
    const sent: string[][] = [];
    const send = together<string>((all) => {
      sent.push([...all]);
      return all.includes('bad') ? Promise.reject(new Error('moved')) : Promise.resolve();
    }, 9);
    const results = await Promise.allSettled(['a', 'bad', 'c'].map(send));
    expect(results.map(({ status }) => status)).deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(sent).deep.equal([['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
  });
});
