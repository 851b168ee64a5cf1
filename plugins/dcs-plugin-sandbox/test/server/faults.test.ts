import { expect } from 'chai';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEED } from '../../src/seed.ts';
import { startSandbox } from '../../src/server/server.ts';

const headers = { authorization: `Bearer ${SEED.tokens.user}` };
const SECRETS = '/v3/configs/config/secrets';
const write = (origin: string, value: string) =>
  fetch(`${origin}${SECRETS}?project=shop&config=dev`, { method: 'POST', headers, body: JSON.stringify({ secrets: { NEW: value } }) });
async function value(origin: string): Promise<unknown> {
  const answer = await fetch(`${origin}${SECRETS}?project=shop&config=dev`, { headers });
  return ((await answer.json()) as { secrets: Record<string, { raw: string }> }).secrets['NEW']?.raw;
}
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('sandbox server', () => {
  it('fails every so many-th call from the n-th on', async () => {
    const sandbox = await startSandbox();
    try {
      const fault = { route: `POST ${SECRETS}`, nth: 2, every: 3, times: 'forever', kind: 'status', status: 503 };
      await fetch(`${sandbox.origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
      const seen: number[] = [];
      for (let call = 1; call <= 6; call++) seen.push((await write(sandbox.origin, String(call))).status);
      expect(seen).to.deep.equal([200, 503, 200, 200, 503, 200]);
    } finally {
      await sandbox.close();
    }
  });

  it('fails every call once a fault that spreads has been met', async () => {
    const sandbox = await startSandbox();
    try {
      const fault = { route: `POST ${SECRETS}`, nth: 2, times: 'forever', spreads: true, kind: 'status', status: 503 };
      await fetch(`${sandbox.origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
      const read = async (): Promise<number> => (await fetch(`${sandbox.origin}${SECRETS}?project=shop&config=dev`, { headers })).status;
      const seen = [(await write(sandbox.origin, 'one')).status, await read(), (await write(sandbox.origin, 'two')).status, await read()];
      expect(seen).to.deep.equal([200, 200, 503, 503]);
    } finally {
      await sandbox.close();
    }
  });

  it('fails the n-th call as told and writes names, never values, to the journal', async () => {
    const sandbox = await startSandbox();
    const { origin, journal } = sandbox;
    const arm = (fault: object) => fetch(`${origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
    try {
      await arm({ route: `POST ${SECRETS}`, nth: 2, kind: 'status', status: 429, retryAfter: 3 });
      expect((await write(origin, 'one')).status).to.equal(200);
      const second = await write(origin, 'two');
      expect([second.status, second.headers.get('retry-after')]).to.deep.equal([429, '3']);
      expect(await value(origin)).to.equal('one');
      await arm({ cloud: 'doppler', kind: 'reset-after-commit' });
      expect(await failure(write(origin, 'three'))).to.be.instanceOf(TypeError);
      expect(await value(origin)).to.equal('three');
      await arm({ kind: 'reset' });
      expect(await failure(write(origin, 'four'))).to.be.instanceOf(TypeError);
      expect(await value(origin)).to.equal('three');
      await arm({ kind: 'truncate' });
      expect(await failure(value(origin))).to.be.instanceOf(Error);
      await arm({ kind: 'html' });
      expect((await write(origin, 'x')).headers.get('content-type')).to.match(/html/);
      expect(journal.entries()[1]).to.include({ status: 429, fault: 'status' });
      expect(journal.entries()[0]?.names).to.deep.equal(['NEW']);
      expect(JSON.stringify(journal.entries())).not.to.match(/three|dp\.pt/);
    } finally {
      await sandbox.close();
    }
  });

  it('remembers across restarts, for its owner only', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'state');
    const first = await startSandbox({ folder });
    await write(first.origin, 'kept');
    await first.close();
    const again = await startSandbox({ folder });
    expect(await value(again.origin)).to.equal('kept');
    await again.close();
    expect(statSync(join(folder, 'state.json')).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(folder, 'state.json'), 'utf8')).to.contain('kept');
  });
});
