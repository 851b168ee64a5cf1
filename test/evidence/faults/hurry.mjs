// Preloaded into a dcs: no wait is longer than a moment, after which the clock says that it was. Its patience with a server is a fortieth,
// so that one that never answers takes a second and not a minute.
import promises from 'node:timers/promises';
import { syncBuiltinESMExports } from 'node:module';

const MOMENT = 10;
/** A moment where what is waited for is at work. Only pauses are as short; what is longer is patience with it. */
const LONGER = 100;
const LONGEST_PAUSE = 10_000;
const SHARE = 40;
let works = false;
let impatient = true;
let ahead = 0;
let lost = 0;
/** A new day: the clock is right, and dcs as patient as it means to be, or less. Where it waits for work the clock stays right. */
export function hurry(on, forWork = false) {
  impatient = on;
  works = forWork;
  ahead = 0;
  lost = 0;
}
/** Requests that dcs gave up on: where the machine is slow, also some that nobody meant to be late. */
export const givenUp = () => lost;

const clock = Date.now;
Date.now = () => clock() + ahead;
/** What to wait, and what to do when it is over. */
function shortened(ms = 0) {
  const end = Date.now() + ms;
  if (works) return [ms > LONGEST_PAUSE ? ms : Math.min(ms, LONGER), () => undefined];
  return [Math.min(ms, MOMENT), () => (ahead = Math.max(ahead, end - clock()))];
}

const patience = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => patience(impatient ? Math.ceil(ms / SHARE) : ms);
const send = globalThis.fetch;
globalThis.fetch = async (...request) => {
  try {
    return await send(...request);
  } catch (error) {
    if (error?.name === 'TimeoutError') lost++;
    throw error;
  }
};
const later = globalThis.setTimeout;
globalThis.setTimeout = (run, ms, ...rest) => {
  const [short, over] = shortened(ms);
  return later(() => (over(), run(...rest)), short);
};
const sleep = promises.setTimeout;
promises.setTimeout = async (ms, ...rest) => {
  const [short, over] = shortened(ms);
  const value = await sleep(short, ...rest);
  over();
  return value;
};
syncBuiltinESMExports();
