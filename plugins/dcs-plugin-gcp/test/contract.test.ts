import type { Context, Target } from 'dcs-sdk';
import { testTarget, type Fault, type World } from 'dcs-sdk/testing';
import type { GcpOptions } from '../src/options.ts';
import definition, { connectSecrets } from '../src/target.ts';
import { AT_ONCE, openCloud, PROJECT, REGION, type Cloud } from './sandbox.ts';

const FAULTS: Readonly<Record<Exclude<Fault, 'endless-paging'>, Record<string, unknown>>> = {
  unauthorized: { kind: 'status', status: 401, body: { error: { code: 401, message: 'no', status: 'UNAUTHENTICATED' } } },
  'rate-limit': { kind: 'status', status: 429, retryAfter: 0 },
  error: { kind: 'status', status: 500, body: { error: { code: 500, message: 'internal', status: 'INTERNAL' } } },
  'reset-after-commit': { kind: 'reset-after-commit' },
  truncate: { kind: 'truncate' },
};

/** What looks into a place of the sandbox, and writes past the target. */
interface Place {
  readonly options: GcpOptions;
  readonly peek: (cloud: Cloud, name: string) => Promise<string | undefined>;
  readonly stranger: (cloud: Cloud, name: string, value: string) => Promise<void>;
}

const connect = (options: GcpOptions, context: Context): Target => connectSecrets(options, context, { pace: AT_ONCE });

const fresh =
  ({ options, peek, stranger }: Place) =>
  async (): Promise<World> => {
    const cloud = await openCloud();
    return {
      target: connect(options, cloud.context()),
      aborted: connect(options, cloud.context({ signal: AbortSignal.abort() })),
      // The sandbox counts its pages honestly; api.test.ts has a server that does not.
      paged: false,
      another: () => connect(options, cloud.context()),
      missing: () => connect({ ...options, project_id: 'demo-nowhere' }, cloud.context()),
      peek: (name) => peek(cloud, name),
      stranger: (name, value) => stranger(cloud, name, value),
      async fault(kind) {
        if (kind === 'endless-paging') throw new Error('the sandbox has no endless pages');
        await fetch(`${cloud.origin}/_sandbox/faults`, { method: 'DELETE' });
        await cloud.backdoor('faults', { route: '/google/*', times: 'forever', ...FAULTS[kind] });
      },
      requests: () => cloud.requests(),
      close: () => cloud.stop(),
    };
  };

const edit = (cloud: Cloud, name: string, value: string, location?: string): Promise<unknown> =>
  cloud.backdoor('google/hand-edit', { project: PROJECT, name, value, ...(location === undefined ? {} : { location }) });

const places: Readonly<Record<string, Place>> = {
  'one secret a name': {
    options: { project_id: PROJECT },
    peek: (cloud, name) => cloud.peek(name),
    stranger: async (cloud, name, value) => void (await edit(cloud, name, value)),
  },
  'in one region, kebab case, with a prefix': {
    options: { project_id: PROJECT, region: REGION, case: 'kebab', id_prefix: 'shop-' },
    peek: (cloud, name) => cloud.peek(`shop-${name.toLowerCase().replaceAll('_', '-')}`, { location: REGION }),
    stranger: async (cloud, name, value) => void (await edit(cloud, `shop-${name.toLowerCase().replaceAll('_', '-')}`, value, REGION)),
  },
  'a bundle': {
    options: { project_id: PROJECT, mode: 'bundle', secret: 'shop-env' },
    async peek(cloud, name) {
      const held = JSON.parse((await cloud.peek('shop-env').catch(() => undefined)) ?? '{}') as Record<string, string>;
      return held[name];
    },
    async stranger(cloud, name, value) {
      const held = JSON.parse((await cloud.peek('shop-env')) ?? '{}') as Record<string, string>;
      await edit(cloud, 'shop-env', JSON.stringify({ ...held, [name]: value }));
    },
  },
};

for (const [title, place] of Object.entries(places))
  describe(`Google Secret Manager, the contract: ${title}`, () => testTarget(it, { definition, fresh: fresh(place) }));
