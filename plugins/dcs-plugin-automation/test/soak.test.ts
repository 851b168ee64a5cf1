import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { BAD, WRONG } from './bad-requests.ts';
import { event, post, raw, type Post } from './post.ts';
import { started, type Started } from './started.ts';

/** REQUESTS=1000000 and KILLS=100 are the long ones (docs/webhooks.md). */
const MIX = Number(process.env['REQUESTS'] ?? 8000);
const KILLS = Number(process.env['KILLS'] ?? 8);
const MB = 1024 ** 2;

/** Of the straight line through the samples, MB an hour. */
function slope(samples: readonly (readonly [hours: number, mb: number])[]): number {
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const [x, y] = [mean(samples.map(([hours]) => hours)), mean(samples.map(([, mb]) => mb))];
  const over = samples.reduce((sum, [hours, mb]) => sum + (hours - x) * (mb - y), 0);
  return over / samples.reduce((sum, [hours]) => sum + (hours - x) ** 2, 0);
}

describe('a receiver that is not treated well', function () {
  this.timeout(Math.max(120_000, MIX * 10, KILLS * 10_000));
  let folder: string;
  let receiver: Started;
  let env: Record<string, string>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-webhook-'));
    env = { QUEUE: join(folder, 'queue.sqlite'), RUNS: join(folder, 'runs'), PACE: '30' };
    receiver = await started(env);
  });
  afterEach(async () => {
    await receiver.kill();
    await rm(folder, { recursive: true });
  });
  const noted = async (): Promise<readonly (readonly [word: string, environment: string, at: number])[]> => {
    const lines = (await readFile(env['RUNS']!, 'utf8')).trimEnd().split('\n');
    return lines.map((line) => line.split(' ')).map(([word = '', environment = '', at]) => [word, environment, Number(at)]);
  };

  it(`answers ${MIX} requests that are right, wrong, too much or slow, with flat memory`, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 24 });
    const mix: readonly Post[] = [{}, {}, {}, ...BAD.map(([, , request]) => request).filter(({ body }) => (body?.length ?? 0) < MB)];
    const seen = new Map<number, number>();
    const late: number[] = [];
    const memory: (readonly [hours: number, mb: number])[] = [];
    const start = Date.now();
    let next = 0;
    const sample = async (): Promise<void> => {
      const { text } = await post(receiver.port, { method: 'GET', path: '/metrics' });
      memory.push([(Date.now() - start) / 3_600_000, Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)![1]) / MB]);
    };
    const one = async (): Promise<void> => {
      while (next < MIX) {
        const n = next++;
        const at = Date.now();
        const status = await post(receiver.port, { ...mix[n % mix.length]!, agent }).then(
          (answer) => answer.status,
          () => 0,
        );
        late.push(Date.now() - at);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        if (n % Math.ceil(MIX / 200) === 0) await sample();
      }
    };
    const slow = async (): Promise<void> => {
      const head = `POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-doppler-signature: ${WRONG}\r\ncontent-length: 9\r\n\r\n`;
      while (next < MIX) await Promise.all(Array.from({ length: 10 }, () => raw(receiver.port, [head, 'x', 'x'], 1000)));
    };
    await Promise.all([...Array.from({ length: 24 }, one), slow()]);
    agent.destroy();
    const settled = memory.slice(memory.length / 2);
    const p99 = late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.99)]!;
    if (MIX >= 1_000_000)
      process.stdout.write(`${MIX} requests, p99 ${p99} ms, ${settled.at(-1)![1].toFixed(1)} MB, ${slope(settled).toFixed(2)} MB/h\n`);
    expect([...seen.keys()].filter((status) => ![0, 202, 400, 401, 404, 405, 413, 415].includes(status))).to.deep.equal([]);
    // What is cut after 413 may break off the client's own write.
    expect(seen.get(0) ?? 0).to.be.at.most(MIX / 20);
    expect(seen.get(202)!).to.be.at.least(Math.floor((MIX / mix.length) * 3));
    expect(settled.at(-1)![1] - settled[0]![1]).to.be.below(25);
    // A shorter run says nothing about an hour.
    if (settled.at(-1)![0] - settled[0]![0] > 0.25) expect(slope(settled)).to.be.below(1);
    expect(new Set((await noted()).map(([, environment]) => environment))).to.deep.equal(new Set(['stg']));
  });

  it(`loses no event that it accepted, over ${KILLS} kills`, async () => {
    // So long that most kills come in the middle of one.
    await receiver.kill();
    env['PACE'] = '400';
    receiver = await started(env);
    const accepted = new Map<string, number>();
    for (let kill = 0; kill < KILLS; kill++) {
      let over = false;
      const send = async (config: string): Promise<void> => {
        while (!over) {
          const at = Date.now();
          const status = await post(receiver.port, { body: event(config) }).then(
            (answer) => answer.status,
            () => 0,
          );
          if (status === 202) accepted.set(config, at);
          await sleep(5);
        }
      };
      const sending = [send('dev'), send('stg'), send('prd')];
      await sleep(100 + Math.random() * 900);
      await receiver.kill();
      over = true;
      await Promise.all(sending);
      receiver = await started(env);
    }
    expect([...accepted.keys()].toSorted()).to.deep.equal(['dev', 'prd', 'stg']);
    const missing = async (): Promise<string[]> => {
      const runs = await noted();
      return [...accepted].flatMap(([config, at]) => {
        const begun = runs.findIndex(([word, environment, when]) => word === 'start' && environment === config && when >= at);
        const ended = begun >= 0 && runs.slice(begun).some(([word, environment]) => word === 'end' && environment === config);
        return ended ? [] : [config];
      });
    };
    for (let tries = 0; (await missing()).length > 0; tries++) {
      if (tries === 100) throw new Error(`no run after the last event for ${(await missing()).join(', ')}`);
      await sleep(100);
    }
  });

  it('makes of 500 equal events at once at most two runs, of 1,000 replays no flood, and never two at a time', async () => {
    const all = await Promise.all(Array.from({ length: 500 }, () => post(receiver.port)));
    expect(new Set(all.map(({ status }) => status))).to.deep.equal(new Set([202]));
    await sleep(1500);
    expect((await noted()).filter(([word]) => word === 'start').length).to.be.within(1, 2);
    const begun = Date.now();
    for (let n = 0; n < 1000; n++) expect((await post(receiver.port)).status).to.equal(202);
    await sleep(6000);
    const runs = await noted();
    const starts = runs.filter(([word]) => word === 'start');
    expect(starts.length).to.be.at.most(3 + Math.ceil((Date.now() - begun) / 5000));
    expect(runs.map(([word]) => word)).to.deep.equal(runs.map((_, at) => (at % 2 === 0 ? 'start' : 'end')));
  });
});
