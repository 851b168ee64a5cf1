import { expect } from 'chai';
import { clearSecretsCache, getSecrets } from '../src/index.ts';
import { doppler, type Doppler } from './model.ts';

describe('dcs-runtime, whatever happens', function () {
  this.timeout(60_000);
  let played: Doppler;
  before(async () => {
    played = await doppler();
  });
  after(() => played.close());

  it('a value is of its token and keys, never older than a refusal, and new where it can be', async () => {
    expect(await played.live({ clear: clearSecretsCache, ways: [getSecrets] }, { numRuns: 150 })).to.equal(undefined);
  });
});
