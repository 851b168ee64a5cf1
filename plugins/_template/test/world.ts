import { createHttp, type Target } from 'dcs-sdk';
import type { World } from 'dcs-sdk/testing';
import definition from '../src/target.ts';
import { BOX, startCloud, TOKEN } from './template-server.ts';

/** A cloud of its own for each law of the contract. */
export async function fresh(): Promise<World> {
  const cloud = await startCloud();
  const connect = (box = BOX, signal = new AbortController().signal): Target => {
    const env = { TEMPLATE_TOKEN: TOKEN, TEMPLATE_API_URL: cloud.url };
    const http = createHttp({ base: definition.endpoint(env), name: definition.title, signal, attempts: 2, sleep: async () => {} });
    return definition.connect({ box }, { http, env, signal, log: () => {}, kept: async () => undefined });
  };
  return {
    target: connect(),
    aborted: connect(BOX, AbortSignal.abort()),
    paged: true,
    another: () => connect(),
    missing: () => connect('nowhere'),
    peek: async (name) => cloud.items.get(name)?.value,
    async stranger(name, value) {
      cloud.put(name, value);
    },
    async fault(kind) {
      cloud.trouble = kind;
    },
    requests: () => cloud.requests,
    close: () => cloud.close(),
  };
}
