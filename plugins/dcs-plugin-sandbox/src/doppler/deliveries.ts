import type { Call, Reply, Route } from '../server/cloud.ts';
import type { Weather } from './courier.ts';
import { type Ground, isObject, open, Refusal } from './gate.ts';

const SWITCHES = ['retries', 'backoff', 'duplicates', 'reorder', 'delay'] as const satisfies readonly (keyof Weather)[];

function change({ courier }: Ground, { body }: Call): Reply {
  const wanted = isObject(body) ? body : {};
  for (const [name, value] of Object.entries(wanted)) {
    const known = SWITCHES.find((each) => each === name);
    if (known === undefined || typeof value !== 'number' || !(value >= 0))
      throw new Refusal(400, `numbers, not negative, of ${SWITCHES.join(', ')}`);
    courier.weather[known] = value;
  }
  return { status: 200, body: courier.weather };
}

function replay({ courier }: Ground, { body }: Call): Reply {
  const { id, times = 1 } = isObject(body) ? body : {};
  if (typeof times !== 'number' || !courier.replay(String(id), times)) throw new Refusal(404, 'no such delivery');
  return { status: 200, body: { success: true } };
}

/** How deliveries fare, and what became of them. */
export function deliveryRoutes(ground: Ground): Route[] {
  const base = '/_sandbox/doppler/deliveries';
  const { courier } = ground;
  return [
    open('GET', base, () => ({ status: 200, body: courier.deliveries() })),
    open('DELETE', base, () => {
      courier.forget();
      return { status: 200, body: { success: true } };
    }),
    open('POST', `${base}/weather`, (call) => change(ground, call)),
    open('POST', `${base}/replay`, (call) => replay(ground, call)),
    open('POST', `${base}/settled`, async () => {
      await courier.settled();
      return { status: 200, body: courier.deliveries() };
    }),
  ];
}
