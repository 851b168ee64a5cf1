import { expect } from 'chai';
import { createHttp, isDcsError, type HttpOptions, type HttpRequest } from 'dcs-sdk';
import fc from 'fast-check';
import { evidence, sized, stopwatch } from './evidence.ts';

const seed = 20261121;
const RUNS = sized(2000, 100_000);
const START = Date.parse('2026-11-21T12:00:00Z');

/** One answer: a status, and what it asks to wait, in seconds. */
interface Answer {
  readonly status: number | 'reset';
  readonly asks?: number;
  readonly form: 'seconds' | 'date';
}
interface Exchange {
  readonly answers: readonly Answer[];
  readonly method: HttpRequest['method'];
  readonly idempotent: boolean | undefined;
  readonly deadline: number;
  readonly chance: readonly number[];
}

const STATUSES: readonly Answer['status'][] = [
  200,
  400,
  401,
  403,
  404,
  409,
  410,
  412,
  422,
  429,
  429,
  429,
  500,
  501,
  502,
  503,
  504,
  'reset',
];
const anyAnswer: fc.Arbitrary<Answer> = fc.record(
  {
    status: fc.constantFrom(...STATUSES),
    asks: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 4000 })),
    form: fc.constantFrom('seconds' as const, 'date' as const),
  },
  { requiredKeys: ['status', 'form'] },
);
const anyExchange: fc.Arbitrary<Exchange> = fc.record({
  answers: fc.array(anyAnswer, { minLength: 1, maxLength: 8 }),
  method: fc.constantFrom('GET' as const, 'POST' as const, 'PUT' as const, 'PATCH' as const, 'DELETE' as const),
  idempotent: fc.constantFrom(undefined, true, false),
  deadline: fc.constantFrom(5000, 60_000, 600_000, 7_200_000),
  chance: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 8, maxLength: 8 }),
});

interface Attempt {
  readonly at: number;
  readonly answer: Answer;
}
interface Ended {
  readonly attempts: readonly Attempt[];
  readonly at: number;
  readonly failure: unknown;
}

/** One request on a clock of its own: what left when, and how it ended. */
async function exchange({ answers, method, idempotent, deadline, chance }: Exchange, mutant: Partial<HttpOptions> = {}): Promise<Ended> {
  let now = START;
  let drawn = 0;
  const attempts: Attempt[] = [];
  const http = createHttp({
    base: 'https://cloud.invalid',
    name: 'Cloud',
    deadline,
    now: () => now,
    random: () => chance[drawn++ % chance.length]!,
    sleep: async (ms) => void (now += Math.ceil(ms)),
    // oxlint-disable-next-line typescript/require-await -- as fetch is
    fetch: async () => {
      const answer = answers[Math.min(attempts.length, answers.length - 1)]!;
      attempts.push({ at: now, answer });
      now += 10;
      return respond(answer, now);
    },
    ...mutant,
  });
  const failure = await http.request({ method, path: '/x', ...(idempotent === undefined ? {} : { idempotent }) }).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { attempts, at: now, failure };
}

function respond({ status, asks, form }: Answer, now: number): Response {
  if (status === 'reset') throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
  const wait = asks === undefined ? {} : { 'retry-after': form === 'seconds' ? String(asks) : new Date(now + asks * 1000).toUTCString() };
  return new Response('{}', { status, headers: { 'content-type': 'application/json', ...wait } });
}

/** What of the policy an exchange broke. */
function broken({ method, idempotent = method === 'GET', deadline }: Exchange, { attempts, at, failure }: Ended): string[] {
  const pairs = attempts.slice(1).map((next, index) => [attempts[index]!, next] as const);
  return [
    ...pairs.flatMap(([{ at: sent, answer }, next]) => {
      const { status, asks, form } = answer;
      const waited = next.at - sent - 10;
      const early = asks !== undefined && typeof status === 'number' && waited < asks * 1000 - (form === 'date' ? 1000 : 0);
      const refused = typeof status === 'number' && status < 500 && status !== 429;
      const maybeDone = status !== 429 && !idempotent;
      return [early && 'went earlier than asked', refused && `tried again after ${status}`, maybeDone && `tried ${method} twice`];
    }),
    attempts.length > 5 && 'tried more than five times',
    at - START > deadline + 5 * 10 && 'went on beyond the deadline',
    failure !== undefined && !isDcsError(failure) && 'failed with a bug',
  ].filter((each) => typeof each === 'string');
}

describe('retries', function () {
  this.timeout(7_200_000);

  it('never earlier than asked, never of a refusal, nothing twice that may have been done; the jitter is even', async () => {
    const seconds = stopwatch();
    let retries = 0;
    const find = async (numRuns: number, mutant: Partial<HttpOptions> = {}): Promise<{ failed: boolean; why: string }> => {
      const found = await fc.check(
        fc.asyncProperty(anyExchange, async (one) => {
          const ended = await exchange(one, mutant);
          retries += ended.attempts.length - 1;
          const wrong = broken(one, ended);
          if (wrong.length > 0) throw new Error(wrong.join(', '));
        }),
        { seed, numRuns, endOnFailure: true },
      );
      return { failed: found.failed, why: `${String(found.errorInstance)} ${JSON.stringify(found.counterexample)}` };
    };
    const { failed, why } = await find(RUNS);
    expect(failed, why).to.equal(false);
    const made = retries;
    // No wait at all; a wait that ends too early; a clock that goes wrong.
    const mutants: readonly Partial<HttpOptions>[] = [{ sleep: async () => {} }, { attempts: 9 }, { now: () => START }];
    const caught: boolean[] = [];
    for (const mutant of mutants) caught.push((await find(2000, mutant)).failed);
    expect(caught).to.deep.equal(mutants.map(() => true));
    const waits = await jitter(sized(8000, 40_000));
    for (const { step, share } of waits) for (const each of share) expect(each, `${step} ms: ${share.join(' ')}`).to.be.within(0.08, 0.12);
    const count = (number: number): string => number.toLocaleString('en');
    const figure = `${count(RUNS)} exchanges on a clock of their own, ${count(made)} retries: 0 earlier than asked (seconds and dates), 0 after a refusal, 0 of what may have been done; the jitter's tenths hold 8 to 12 % each`;
    const note = 'Versions that Google would count twice are looked for in row 10';
    evidence(29, { figure, note, met: true, seed, seconds: seconds(), planted: mutants.length, caught: mutants.length });
  });
});

/** How the waits before each further attempt spread over what they may be, in tenths. */
async function jitter(runs: number): Promise<{ step: number; share: number[] }[]> {
  const waits = [500, 1000, 2000, 4000].map((step) => ({ step, tenths: Array.from({ length: 10 }, () => 0) }));
  for (let run = 0; run < runs; run++) {
    let attempt = 0;
    const sleep = async (ms: number): Promise<void> => {
      const { step, tenths } = waits[attempt++]!;
      tenths[Math.floor((ms / step) * 10)]!++;
    };
    const all: Exchange = {
      answers: [{ status: 503, form: 'seconds' }],
      method: 'GET',
      idempotent: undefined,
      deadline: 60_000,
      chance: [0],
    };
    await exchange(all, { random: Math.random, sleep });
  }
  return waits.map(({ step, tenths }) => ({ step, share: tenths.map((each) => each / runs) }));
}
