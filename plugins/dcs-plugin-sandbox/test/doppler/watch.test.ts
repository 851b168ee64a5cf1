import { expect } from 'chai';
import { SEED } from '../../src/seed.ts';
import { startSandbox, type Sandbox } from '../../src/server/server.ts';

describe('sandbox Doppler: the watch', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());
  const headers = { authorization: `Bearer ${SEED.tokens.user}` };
  const watch = (config: string): Promise<Response> =>
    fetch(`${sandbox.origin}/v3/configs/config/secrets/watch?project=shop&config=${config}`, { headers });

  it('tells of a change, to whoever may read the config', async () => {
    const response = await watch('dev');
    expect(response.headers.get('content-type')).to.equal('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).to.equal('data: {"type":"connected"}\n\n');
    const change = { project: 'shop', config: 'dev', secrets: { A: 'b' } };
    await fetch(`${sandbox.origin}/v3/configs/config/secrets`, { method: 'POST', headers, body: JSON.stringify(change) });
    expect((await reader.read()).value).to.equal('data: {"type":"secrets.update"}\n\n');
    await reader.cancel();
    expect((await watch('nope')).status).to.equal(404);
  });

  it('is for paid plans', async () => {
    const tier = (body: unknown): Promise<Response> =>
      fetch(`${sandbox.origin}/_sandbox/doppler/tier`, { method: 'POST', body: JSON.stringify(body) });
    expect((await tier({ tier: 'gold' })).status).to.equal(400);
    await tier({ tier: 'developer' });
    expect((await watch('dev')).status).to.equal(403);
  });
});
