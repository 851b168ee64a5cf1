import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran, World } from './world.ts';

/** Runs dcs, and `act` while its first write is on the way to Doppler, before Doppler has looked at it. */
export async function meanwhile(w: World, running: () => Promise<Ran>, act: () => Promise<void>): Promise<Ran> {
  await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
  await w.post('/_sandbox/faults', { cloud: 'doppler', route: 'POST /v3/configs/config/secrets', kind: 'delay', ms: 1500 });
  const run = running();
  for (let tries = 0; ; tries++) {
    const [fault] = (await (await fetch(`${w.origin}/_sandbox/faults`)).json()) as { fired: number }[];
    if (fault?.fired === 1) break;
    if (tries === 200) throw new Error('dcs never wrote');
    // oxlint-disable-next-line no-await-in-loop -- waiting is the point
    await sleep(25);
  }
  await act();
  return run;
}
