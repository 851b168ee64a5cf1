import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { hangUp, listen } from '../../plugins/dcs-plugin-automation/src/webhook/listen.ts';
import { Metrics } from '../../plugins/dcs-plugin-automation/src/webhook/metrics.ts';
import { createReceiver } from '../../plugins/dcs-plugin-automation/src/webhook/receiver.ts';
import { BAD, head, LIMITS, RAW } from '../../plugins/dcs-plugin-automation/test/bad-requests.ts';
import { event, KEY, post, raw, type Post } from '../../plugins/dcs-plugin-automation/test/post.ts';
import { started } from '../../plugins/dcs-plugin-automation/test/started.ts';
import { evidence, sized, stopwatch } from './evidence.ts';
import { plantedFile, plantedModule, type Edit, type Fault } from './planted.ts';

const REQUESTS = sized(3000, 1_000_000);
const SOURCE = 'plugins/dcs-plugin-automation/src/webhook/receiver.ts';
const edit = (from: string, to: string): Edit => [SOURCE, from, to];

/** Each is found by the table. */
const FAULTS: readonly Fault[] = [
  { what: 'no signature is checked', edits: [edit('!(await verifySignature(', 'void (await verifySignature(')] },
  { what: 'no body is too big', edits: [edit('> BODY_LIMIT) return 413', '> 1e9) return 413'), edit('size > BODY_LIMIT', 'size > 1e9')] },
  { what: 'a body that is no JSON is a bug', edits: [edit('error instanceof SyntaxError || error instanceof TypeError', 'false')] },
  { what: 'every content type that begins like JSON', edits: [edit('json\\s*(;|$)', 'json')] },
  { what: 'only GET is another method', edits: [edit("if (method !== 'POST') return 405", "if (method === 'GET') return 405")] },
  { what: 'paths in any case', edits: [edit('if (path !== PATH)', 'if (path?.toLowerCase() !== PATH)')] },
  {
    what: 'something starts before all is checked',
    edits: [edit('const event = eventIn(body);', "await queue.add('staging'); const event = eventIn(body);")],
  },
  { what: 'a body may take for ever', edits: [edit('requestTimeout: limits.request', 'requestTimeout: 0')] },
  { what: 'headers of any size', edits: [edit('maxHeaderSize: 8192', 'maxHeaderSize: 65_536')] },
];
/** And this one by the flood. */
const DIES: Fault = {
  what: 'it ends of a body that is no event',
  edits: [edit("if (event === 'malformed') return 400", "if (event === 'malformed') process.exit(1)")],
};

/** What of the two tables was answered otherwise, or started something. */
async function missed(create: typeof createReceiver): Promise<string[]> {
  const added: string[] = [];
  const server = create({
    keys: () => [new Secret(KEY)],
    allowed: new Map([['shop/stg', { environment: 'staging', project: 'shop', config: 'stg' }]]),
    queue: { add: async (environment) => (added.push(environment), 'queued'), counts: async () => ({ queued: 0, running: 0, dead: 0 }) },
    metrics: new Metrics(),
    log: () => undefined,
    ready: () => true,
    limits: LIMITS,
  });
  const port = await listen(server, 0, '127.0.0.1');
  const wrong: string[] = [];
  for (const [name, status, request] of BAD) if ((await statusOf(port, request)) !== status) wrong.push(name);
  const sent = RAW.map(async ([name, answer, bytes, pause]) => {
    const patience = new Promise<string>((resolve) => setTimeout(() => resolve(''), 4000).unref());
    if (!answer.test(await Promise.race([raw(port, bytes, pause), patience]))) wrong.push(name);
  });
  await Promise.all(sent);
  await hangUp(server);
  return [...wrong, ...added];
}

/** 0: the connection was cut. */
const statusOf = (port: number, request: Post): Promise<number> =>
  post(port, request).then(
    ({ status }) => status,
    () => 0,
  );

/** Signed events of dev between bad requests about stg. What was answered otherwise, and the slowest 1 % in ms. */
async function flood(port: number, count: number): Promise<{ wrong: Record<string, number>; accepted: number; p99: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 24 });
  const small = BAD.filter(([, , { body }]) => (body?.length ?? 0) < 1024 ** 2);
  const good = [202, { body: event('dev') }] as const;
  const mix: (readonly [status: number, request: Post])[] = [good, good, good, ...small.map(([, ...rest]) => rest)];
  const wrong: Record<string, number> = {};
  const late: number[] = [];
  let [next, accepted] = [0, 0];
  const one = async (): Promise<void> => {
    while (next < count) {
      const [status, request] = mix[next++ % mix.length]!;
      const start = performance.now();
      const got = await statusOf(port, { ...request, agent });
      late.push(performance.now() - start);
      if (got === 202) accepted++;
      // What is cut after 413 may break off the client's own write.
      if (got !== status && !(status === 413 && got === 0)) wrong[`${got} for ${status}`] = (wrong[`${got} for ${status}`] ?? 0) + 1;
    }
  };
  const slow = async (): Promise<void> => {
    const begun = [head('content-length: 9\r\n'), 'x', 'x'];
    while (next < count) await Promise.all(Array.from({ length: 10 }, () => raw(port, begun, 1000)));
  };
  await Promise.all([...Array.from({ length: 24 }, one), slow()]);
  agent.destroy();
  return { wrong, accepted, p99: late.toSorted((a, b) => a - b)[Math.floor(count * 0.99)]! };
}

describe('a webhook receiver that is sent anything', function () {
  this.timeout(7_200_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-webhook-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const flooded = async (count: number, file?: string): Promise<Awaited<ReturnType<typeof flood>> & { environments: string[] }> => {
    const env = { QUEUE: join(folder, `${String(file !== undefined)}.sqlite`), RUNS: join(folder, 'runs'), PACE: '30' };
    const receiver = await started(env, file);
    try {
      const found = await flood(receiver.port, count);
      const runs = (await readFile(env.RUNS, 'utf8')).trimEnd().split('\n');
      return { ...found, environments: [...new Set(runs.map((line) => line.split(' ')[1]!))] };
    } finally {
      await receiver.kill();
    }
  };

  it(`answers the table and ${REQUESTS} requests rightly, and starts only what was signed`, async () => {
    const seconds = stopwatch();
    expect(await missed(createReceiver)).to.deep.equal([]);
    const { wrong, accepted, p99, environments } = await flooded(REQUESTS);
    expect(wrong).to.deep.equal({});
    expect(environments).to.deep.equal(['dev']);
    expect(accepted).to.be.at.least(REQUESTS / 20);
    const caught = await Promise.all(
      FAULTS.map(async (fault) => {
        const module = await plantedModule<{ createReceiver: typeof createReceiver }>(SOURCE, fault);
        return [fault.what, (await missed(module.createReceiver)).length > 0] as const;
      }),
    );
    const dying = await plantedFile('plugins/dcs-plugin-automation/test/receiver-process.ts', DIES);
    const found = [...caught, [DIES.what, Object.keys((await flooded(1000, dying)).wrong).length > 0] as const];
    expect(found.filter(([, seen]) => !seen)).to.deep.equal([]);
    evidence(14, {
      figure: `${REQUESTS.toLocaleString('en')} requests of ${BAD.length} bad kinds and one good: every status right, 0 syncs but of the ${accepted.toLocaleString('en')} signed events, 0 crashes, p99 ${p99.toFixed(0)} ms; ${RAW.length} kinds of bytes that are no request, each cut`,
      met: true,
      seconds: seconds(),
      planted: found.length,
      caught: found.length,
    });
  });
});
