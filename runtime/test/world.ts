import { startSandbox } from '../../plugins/dcs-plugin-sandbox/src/server/server.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { clearSecretsCache } from '../src/index.ts';

export const TOKEN = SEED.tokens.dev;
export const OTHER_TOKEN = SEED.tokens.stg;
export const STRIPE = 'sandbox-stripe-key-of-dev';
export const SESSION = 'sandbox-session-key-of-dev';

export interface Fault {
  readonly kind: string;
  readonly status?: number;
  readonly ms?: number;
  readonly times?: number | 'forever';
  readonly body?: unknown;
}

/** Doppler as the sandbox plays it. */
export interface World {
  readonly origin: string;
  set(secrets: Readonly<Record<string, string | null>>): Promise<void>;
  /** What the download answers from now on. */
  fault(fault: Fault): Promise<void>;
  mend(): Promise<void>;
  /** The statuses of all downloads so far; 0: cut off. */
  asked(): number[];
  close(): Promise<void>;
}

export async function world(): Promise<World> {
  clearSecretsCache();
  const sandbox = await startSandbox({});
  const send = async (method: string, path: string, body?: unknown): Promise<void> => {
    const answer = await fetch(sandbox.origin + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  };
  return {
    origin: sandbox.origin,
    set: (secrets) => send('POST', '/v3/configs/config/secrets', { project: 'shop', config: 'dev', secrets }),
    fault: (fault) =>
      send('POST', '/_sandbox/faults', { cloud: 'doppler', route: 'GET /v3/configs/config/secrets/download', times: 'forever', ...fault }),
    mend: () => send('DELETE', '/_sandbox/faults'),
    asked: () =>
      sandbox.journal
        .entries()
        .filter(({ path }) => path.endsWith('/download'))
        .map(({ status }) => status),
    close: () => sandbox.close(),
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function until(what: string, met: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await met()) return;
    await sleep(25);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** The error that a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
