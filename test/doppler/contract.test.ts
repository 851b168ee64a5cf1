import type { Target } from 'dcs-sdk';
import { testTarget, type Fault, type World } from 'dcs-sdk/testing';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/src/server/server.ts';
import { createDopplerClient } from '../../src/doppler/client.ts';
import { dopplerDefinition, dopplerTarget } from '../../src/doppler/target.ts';

const PLACE = { project: SEED.project, config: 'dev' };
const FAULTS: Readonly<Record<Exclude<Fault, 'endless-paging'>, Record<string, unknown>>> = {
  unauthorized: { kind: 'status', status: 401, body: { messages: ['Invalid Auth token'], success: false } },
  'rate-limit': { kind: 'status', status: 429, retryAfter: 0 },
  error: { kind: 'status', status: 500, body: { messages: ['internal'], success: false } },
  'reset-after-commit': { kind: 'reset-after-commit' },
  truncate: { kind: 'truncate' },
};

/** A config without a secret, and a back door to it. */
async function fresh(): Promise<World> {
  const sandbox = await startSandbox({});
  const connect = (config = PLACE.config, signal?: AbortSignal): Target => {
    const more = signal === undefined ? {} : { signal };
    const client = createDopplerClient({ base: sandbox.origin, token: SEED.tokens.user, deadline: 3000, ...more });
    return dopplerTarget(client, { host: sandbox.origin, ...PLACE, config });
  };
  let byTheDoor = 0;
  const door = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    if (path.startsWith('/v3')) byTheDoor++;
    const answer = await fetch(`${sandbox.origin}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answer.status === 204 ? undefined : answer.json();
  };
  const query = new URLSearchParams(PLACE).toString();
  const secrets = async (): Promise<Record<string, { raw: string }>> =>
    (
      (await door('GET', `/v3/configs/config/secrets?${query}&include_managed_secrets=false`)) as {
        secrets: Record<string, { raw: string }>;
      }
    ).secrets;
  const write = (values: Record<string, string | null>): Promise<unknown> =>
    door('POST', '/v3/configs/config/secrets', { ...PLACE, secrets: values });
  /** The back door stays open: what it asks meets no fault. */
  const unharmed = async <T>(act: () => Promise<T>): Promise<T> => {
    const armed = (await door('GET', '/_sandbox/faults')) as Record<string, unknown>[];
    await door('DELETE', '/_sandbox/faults');
    try {
      return await act();
    } finally {
      for (const fault of armed) await door('POST', '/_sandbox/faults', fault);
    }
  };
  await write(Object.fromEntries(Object.keys(await secrets()).map((name) => [name, null])));
  return {
    target: connect(),
    aborted: connect(PLACE.config, AbortSignal.abort()),
    paged: false,
    another: () => connect(),
    missing: () => connect('dev_nowhere'),
    peek: (name) => unharmed(async () => (await secrets())[name]?.raw),
    stranger: (name, value) => unharmed(async () => void (await write({ [name]: value }))),
    async fault(kind) {
      if (kind === 'endless-paging') throw new Error('Doppler lists the secrets of a config in one answer');
      await door('DELETE', '/_sandbox/faults');
      await door('POST', '/_sandbox/faults', { cloud: 'doppler', times: 'forever', ...FAULTS[kind] });
    },
    requests: () => sandbox.journal.entries().length - byTheDoor,
    close: () => sandbox.close(),
  };
}

describe('Doppler, the contract', () => testTarget(it, { definition: dopplerDefinition(), fresh }));
