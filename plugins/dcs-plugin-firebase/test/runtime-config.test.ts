import { expect } from 'chai';
import type { Source } from 'dcs-sdk';
import { openGoogle } from '../../dcs-plugin-gcp/src/target.ts';
import { legacyConfig } from '../src/runtime-config.ts';
import { openCloud, PROJECT, type Cloud } from './sandbox.ts';

describe('functions.config() as a source', () => {
  let cloud: Cloud;
  let said: string[];
  beforeEach(async () => {
    cloud = await openCloud();
    said = [];
  });
  afterEach(() => cloud.stop());

  const set = (config: string, variable: string, text: string | null): Promise<unknown> =>
    cloud.backdoor('google/runtime-config', { project: PROJECT, config, variable, text });
  const source = (...except: string[]): Source =>
    legacyConfig(openGoogle(cloud.context()), PROJECT, { endpoint: cloud.origin, except: new Set(except), say: (line) => said.push(line) });
  const values = async (from: Source): Promise<Record<string, string>> =>
    Object.fromEntries(
      [...(await from.read())!.secrets].map(([name, held]) => [name, held.state === 'value' ? held.secret.reveal() : held.state]),
    );

  it('reads every variable, and neither Google’s own nor what dcs itself brought there', async () => {
    await set('firebase', 'projectId', 'x');
    await set('doppler', 'stripe_key', 'a copy');
    await set('deep', 'a/b/c', '{"json": true}');
    expect(await values(source())).to.deep.equal({
      STRIPE_KEY: 'sandbox-legacy-stripe-key',
      STRIPE_WEBHOOK_SECRET: 'sandbox-legacy-webhook',
      MAIL_FROM: 'shop@shop.example',
      DEEP_A_B_C: '{"json": true}',
    });
    expect(said).to.deep.equal(['! doppler.* left out: 1 that the first version of dcs brought there from Doppler']);
  });

  it('never makes one name of two: refuses, and takes the one that is left', async () => {
    await set('stripe', 'webhook_secret', 'another');
    const refused = await source()
      .read()
      .then(
        () => 'no failure',
        (error: Error) => error.message,
      );
    expect(refused).to.contain('would both become STRIPE_WEBHOOK_SECRET').and.to.not.contain('another');
    expect(await values(source('stripe.webhook.secret'))).to.include({ STRIPE_WEBHOOK_SECRET: 'another' });
  });

  it('its version changes with any value, and tells none', async () => {
    const one = source();
    const versions = [(await one.read())!.version, (await one.read())!.version];
    await set('mail', 'from', 'other@shop.example');
    versions.push((await one.read())!.version);
    expect(versions[1]).to.equal(versions[0]);
    expect(versions[2]).to.not.equal(versions[0]);
    expect((await source().read())!.version, 'another process').to.not.equal(versions[2]);
  });
});
