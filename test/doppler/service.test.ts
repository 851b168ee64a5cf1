import { expect } from 'chai';
import { createHttp, type Context } from 'dcs-sdk';
import { dopplerEndpoint } from '../../src/doppler/endpoint.ts';
import { dopplerService } from '../../src/doppler/service.ts';
import { failure, json, useServer } from './server.ts';

describe('dcs whoami, for Doppler', () => {
  const wire = useServer();
  const service = dopplerService({
    home: '/nowhere',
    cwd: '/',
    keyring: async () => undefined,
    identity: { name: 'work', doppler: 'WORK', services: new Map() },
  });
  const context = (env: Record<string, string>, kept?: string): Context => ({
    http: createHttp({ base: wire.base, name: 'Doppler' }),
    env: { DOPPLER_API_HOST: wire.base, ...env },
    signal: new AbortController().signal,
    log: () => undefined,
    kept: async () => kept,
  });
  const me = { slug: 's', name: 'CI of shop', type: 'service_token', token_preview: 'dp.st...x', workplace: { slug: 'w', name: 'Acme' } };

  it('follows the variable of the Doppler CLI to another host', () => {
    expect(dopplerEndpoint({})).equal('https://api.doppler.com');
    expect(dopplerEndpoint({ DOPPLER_API_HOST: 'http://127.0.0.1:1/' })).equal('http://127.0.0.1:1');
  });

  it('tells where the credential comes from and everything it beats', async () => {
    const credential = await service.credential(context({ DOPPLER_TOKEN: 'dp.st.prd.abc' }, 'dp.ct.kept'));
    expect(credential).deep.equal({ token: 'dp.st.prd.abc', from: 'DOPPLER_TOKEN', beats: ['dcs login', 'identity work'], warnings: [] });
  });

  it('tells account, rights and the environment of a service token', async () => {
    wire.answer = (_, response) => json(response, me);
    const who = await service.whoami({ token: 'dp.st.prd.abc', from: 'DOPPLER_TOKEN', beats: [] }, context({ CI: 'true' }));
    expect(who.account).equal('Acme (CI of shop)');
    expect(who.rights.join(' | ')).contain('one config').contain('environment prd');
    expect(who.warnings).deep.equal([]);
    expect(wire.seen[0]).include({ method: 'GET', url: '/v3/me' });
  });

  it("warns of a person's token in CI", async () => {
    wire.answer = (_, response) => json(response, { ...me, type: 'cli' });
    const ask = (env: Record<string, string>) => service.whoami({ token: 'dp.ct.abc', from: 'DOPPLER_TOKEN', beats: [] }, context(env));
    expect((await ask({ CI: 'true' })).warnings).length(1);
    expect((await ask({})).warnings).deep.equal([]);
    expect((await ask({ CI: 'false' })).warnings).deep.equal([]);
  });

  it('says when the credential is refused', async () => {
    wire.answer = (_, response) => json(response, { messages: ['Invalid Auth token'] }, 401);
    expect((await failure(service.whoami({ token: 'dp.ct.abc', from: 'x', beats: [] }, context({})))).code).equal('AUTH');
  });
});
