import { testTarget, type Fault, type World } from 'dcs-sdk/testing';
import definition from '../src/target.ts';
import { openCloud, PROJECT } from './sandbox.ts';

const FAULTS: Readonly<Record<Exclude<Fault, 'endless-paging'>, Record<string, unknown>>> = {
  unauthorized: { kind: 'status', status: 401, body: { error: { code: 401, message: 'no', status: 'UNAUTHENTICATED' } } },
  'rate-limit': { kind: 'status', status: 429, retryAfter: 0 },
  error: { kind: 'status', status: 500, body: { error: { code: 500, message: 'internal', status: 'INTERNAL' } } },
  'reset-after-commit': { kind: 'reset-after-commit' },
  truncate: { kind: 'truncate' },
};

async function fresh(): Promise<World> {
  const cloud = await openCloud();
  return {
    target: cloud.target(),
    aborted: cloud.target({ signal: AbortSignal.abort() }),
    paged: false,
    another: () => cloud.target(),
    missing: () => cloud.target({ project: 'demo-nowhere' }),
    peek: (name) => cloud.peek(name),
    stranger: async (name, value) => void (await cloud.backdoor('google/hand-edit', { project: PROJECT, name, value })),
    async fault(kind) {
      if (kind === 'endless-paging') throw new Error('the sandbox has no endless pages');
      await fetch(`${cloud.origin}/_sandbox/faults`, { method: 'DELETE' });
      await cloud.backdoor('faults', { route: '/google/*', times: 'forever', ...FAULTS[kind] });
    },
    requests: () => cloud.requests(),
    close: () => cloud.stop(),
  };
}

describe('Firebase, the contract', () => testTarget(it, { definition, fresh }));
