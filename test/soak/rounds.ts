import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { event, post } from '../../plugins/dcs-plugin-automation/test/post.ts';
import type { World } from '../e2e/world.ts';
import { TOKEN, WATCH } from './load.ts';

/** Changes that were told of, and those that had not arrived a minute later. */
export interface Rounds {
  told: number;
  lost: number;
}

const PATIENCE = 60_000;

async function arrives(met: () => Promise<boolean> | boolean): Promise<boolean> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(250)) if (await met()) return true;
  return false;
}

/** The sandbox's Doppler fails too, like the others. */
async function change(w: World, config: string, value: string): Promise<void> {
  for (;;)
    try {
      return await w.doppler(config, { SOAK: value });
    } catch {
      await sleep(100);
    }
}

/** A change in Doppler and a burst of events about it: it has to arrive on the Worker. */
export async function burst(w: World, port: number, value: string, rounds: Rounds): Promise<void> {
  await change(w, 'stg', value);
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post(port, { body: event('stg') })).status));
  rounds.told++;
  if (!statuses.includes(202) || !(await arrives(async () => (await w.worker('SOAK')) === value))) rounds.lost++;
}

/** Who watches `dcs serve`, and what it heard. */
export function watcher(port: number): { readonly heard: () => number; readonly leave: () => void } {
  let heard = 0;
  const call = get({ host: '127.0.0.1', port, path: WATCH, headers: { authorization: `Bearer ${TOKEN}` } }, (answer) => {
    answer.on('error', () => undefined);
    answer.setEncoding('utf8').on('data', (text: string) => (heard += text.split('secrets.update').length - 1));
  });
  call.on('error', () => undefined);
  return { heard: () => heard, leave: () => void call.destroy() };
}

/** A change in Doppler: whoever watches has to hear of it, and to read it. */
export async function serveChange(
  w: World,
  port: number,
  value: string,
  watchers: readonly { readonly heard: () => number }[],
  rounds: Rounds,
): Promise<void> {
  const before = watchers.map(({ heard }) => heard());
  await change(w, 'dev', value);
  rounds.told++;
  const read = async (): Promise<boolean> => {
    const { text } = await post(port, {
      method: 'GET',
      path: '/v3/configs/config/secrets/download',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    return text.includes(value);
  };
  const heard = (): boolean => watchers.every((one, at) => one.heard() > before[at]!);
  if (!(await arrives(async () => heard() && (await read())))) rounds.lost++;
}
