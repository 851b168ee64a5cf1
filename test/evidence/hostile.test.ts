import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, type World } from '../e2e/world.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

/** What no answer may ever cost, with all of dcs; and what ten may that come at once. */
const [MOST_MB, TEN_MB] = [150, 350];
const TEN = 'ten Workers';
const preload = (name: string): string => `--import=${fileURLToPath(new URL(`faults/${name}.mjs`, import.meta.url))}`;
type Answer = (response: ServerResponse) => void;

const head = (more: Record<string, string> = {}) => ({ 'content-type': 'application/json', ...more });
const bytes =
  (body: string | Buffer, more: Record<string, string> = {}, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, head(more)).end(body);
/** So many MB of a JSON string, or without end. */
const much =
  (megabytes: number): Answer =>
  (response) => {
    response.writeHead(200, head()).write('{"secrets": "');
    const chunk = 'x'.repeat(1024 * 1024);
    let sent = 0;
    const more = (): void => {
      if (response.destroyed) return;
      if (++sent > megabytes) response.end('"}');
      else response.write(chunk, () => setImmediate(more));
    };
    more();
  };

async function bombOf(megabytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const parts: Buffer[] = [];
  gzip.on('data', (part: Buffer) => parts.push(part));
  const zeros = Buffer.alloc(1024 * 1024, ' ');
  for (let sent = 0; sent < megabytes; sent++) if (!gzip.write(zeros)) await new Promise((done) => gzip.once('drain', done));
  await new Promise<void>((done) => gzip.end(done));
  return Buffer.concat(parts);
}

const named = (count: number): string =>
  `{"secrets": {${Array.from({ length: count }, (_, index) => `"NAME_${index}": {"computed": "${'v'.repeat(40)}", "raw": []}`).join()}}}`;

const MALFORMED: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  'half an object': '{"secrets": {"A": {"comp',
  'a list': '[]',
  null: 'null',
  'a number': '42',
  text: '"sesame"',
  'other types': '{"secrets": ["A"], "result": 7, "success": "yes", "branches": {}}',
  'a list for a map': '{"secrets": [7], "result": [7], "success": true}',
  'numbers for values': '{"secrets": {"A": {"computed": 1, "raw": 2}}}',
  'null for values': '{"secrets": {"A": null}, "success": true, "result": null}',
  'bytes that are no text': Buffer.from([0x22, 0xff, 0xfe, 0x22]),
  'a nest a million deep': '['.repeat(1_000_000),
  '15 MB of names': named(200_000).slice(0, -2),
  'two documents': '{}{}',
  'as many names as are read': named(26_000),
  'as long values as are read': `{"secrets": {"A": {"computed": "${'\\u00e9'.repeat(690_000)}"}}}`,
  'as many lists as are read': `{"secrets": [${Array(52_000).fill('[]').join()}]}`,
  'more lists than are read': `[${Array(1_300_000).fill('{}').join()}]`,
};

function hostile(bomb: Buffer): Readonly<Record<string, Answer>> {
  return {
    ...Object.fromEntries(Object.entries(MALFORMED).map(([name, body]) => [name, bytes(body)])),
    'HTML as JSON': bytes('<!doctype html>'),
    'JSON as HTML': bytes('{"secrets": {}}', { 'content-type': 'text/html' }),
    '204': (response) => void response.writeHead(204).end(),
    '100 MB': much(100),
    'no end': much(Number.POSITIVE_INFINITY),
    'a bomb': bytes(bomb, { 'content-encoding': 'gzip' }),
    'no gzip': bytes('{"secrets": {}}', { 'content-encoding': 'gzip' }),
    'a byte now and then': (response) => {
      response.writeHead(200, head());
      const drip = setInterval(() => (response.destroyed ? clearInterval(drip) : response.write(' ')), 20);
    },
    'a shorter body': (response) => void response.writeHead(200, head({ 'content-length': '99' })).write('{"a":', () => response.destroy()),
    'endless headers': bytes('{}', { 'x-long': 'x'.repeat(100_000) }),
    'endless pages': (response) => {
      const page = { name: 'projects/1/secrets/THEIRS', createTime: '2026-11-21T12:00:00Z', replication: { automatic: {} } };
      const result = [{ id: 'a', name: 'THEIRS' }];
      const info = { page: 1, per_page: 1, count: 1, total_count: 1_000_000 };
      const body = {
        success: true,
        secrets: [page],
        nextPageToken: 'next',
        result,
        result_info: info,
        pagination: { cursor: 'next', next: 'next' },
        branches: [],
      };
      response.writeHead(200, head()).end(JSON.stringify(body));
    },
  };
}

/** Whose answers are hostile, and the sync that asks them. */
const VICTIMS: Readonly<Record<string, { env: (origin: string) => Record<string, string>; yaml: string; sync: readonly string[] }>> = {
  Doppler: {
    env: (origin) => ({ DOPPLER_API_HOST: origin }),
    yaml: `doppler: shop\ntargets: {there: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: shop-api-staging, include: ["*"]}}\n`,
    sync: ['sync', '-e', 'staging', '--yes'],
  },
  'a Worker': {
    env: (origin) => ({ CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` }),
    yaml: `doppler: shop\ntargets: {there: {type: cloudflare, account_id: ${SEED.cloudflare.accountId}, worker: shop-api-staging, include: ["*"]}}\n`,
    sync: ['sync', '-e', 'staging', '--yes'],
  },
  [TEN]: {
    env: (origin) => ({ CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` }),
    yaml: `doppler: shop\ndefaults: {targets: {cloudflare: {account_id: ${SEED.cloudflare.accountId}, include: ["*"]}}}\ntargets:\n${Array.from({ length: 10 }, (_, at) => `  there-${at}: {type: cloudflare, worker: shop-${at}}\n`).join('')}`,
    sync: ['sync', '-e', 'staging', '--yes'],
  },
  'the Secrets Store': {
    env: (origin) => ({ CLOUDFLARE_API_BASE_URL: `${origin}/client/v4` }),
    yaml: `doppler: shop\ntargets: {there: {type: cloudflare-secrets-store, account_id: ${SEED.cloudflare.accountId}, shared: true, include: ["*"]}}\n`,
    sync: ['sync', '-e', 'staging', '--yes'],
  },
  'Secret Manager': {
    env: (origin) => ({ CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: `${origin}/google/secretmanager/` }),
    yaml: `doppler: shop\ntargets: {there: {type: gcp, project_id: ${SEED.google.project}, shared: true, include: ["*"]}}\n`,
    sync: ['sync', '-e', 'staging', '--yes'],
  },
  Neon: {
    env: (origin) => ({ NEON_API_HOST: `${origin}/api/v2` }),
    yaml: 'doppler: shop\nsources: {db: {type: neon, project_id: shop-1234, branch: {dev: dev}}}\n',
    sync: ['sync', 'db', '-e', 'dev', '--yes'],
  },
};

describe('a hostile server', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { runs: 0, memory: 0, ten: 0, time: 0 };
  let w: World;
  let failed = 0;
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed++;
  });
  let folder: string;
  let answer: Answer;
  let heard: string[];
  let answers: ReturnType<typeof hostile>;
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    request.resume();
    answer(response);
  });
  before(async () => {
    w = await world();
    folder = await mkdtemp(join(tmpdir(), 'dcs-hostile-'));
    answers = hostile(await bombOf(FULL ? 1000 : 100));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await w.close();
    await rm(folder, { recursive: true });
  });

  /** What a sync against it did wrong. */
  async function meets(victim: string, name: string, mutant: { most?: number; code?: number } = {}): Promise<string[]> {
    const { env, yaml, sync } = VICTIMS[victim]!;
    const file = join(folder, 'rss');
    answer = answers[name]!;
    heard = [];
    await w.yaml(yaml);
    await w.forget();
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const start = performance.now();
    const options = { NODE_OPTIONS: `${preload('hurry')} ${preload('measure')}`, RSS_FILE: file };
    const run = await w.dcs(sync, { env: { ...env(origin), ...options }, killAfter: 60_000 });
    const took = (performance.now() - start) / 1000;
    const memory = Number(await readFile(file, 'utf8'));
    sum.runs++;
    const which = victim === TEN ? 'ten' : 'memory';
    sum[which] = Math.max(sum[which], memory);
    sum.time = Math.max(sum.time, took);
    const writes = [...heard, ...(await w.journal()).map(({ method, path }) => `${method} ${path}`)].filter(
      (each) => !/^GET |\/batch$/.test(each),
    );
    const code = mutant.code ?? run.code;
    return [
      ...writes,
      ...([2, 3, 4, 6, 8].includes(code ?? -1) ? [] : [`exit ${code}: ${run.out}${run.err}`]),
      ...(/\n\s+at .*:\d+:\d+/.test(run.err) ? [`a stack: ${run.err}`] : []),
      ...(run.err.includes('sesame') ? ['it quotes the answer'] : []),
      ...(memory > (mutant.most ?? (victim === TEN ? TEN_MB : MOST_MB)) ? [`${Math.round(memory)} MB`] : []),
      ...(heard.length === 0 ? ['it was not asked'] : []),
    ];
  }

  for (const victim of Object.keys(VICTIMS))
    it(`in the place of ${victim}: a clear error, little memory, no write`, async () => {
      const names = Object.keys(answers);
      const found: string[] = [];
      for (const name of FULL ? names : names.filter((_, index) => index % 24 === victim.length % 24)) {
        for (const wrong of await meets(victim, name)) found.push(`${name}: ${wrong}`);
      }
      expect(found).to.deep.equal([]);
    });

  it('notices what is put in by hand', async () => {
    const caught = [await meets('Doppler', 'a list', { most: 10 }), await meets('Doppler', 'a list', { code: 0 })];
    expect(caught.map(({ length }) => length)).to.deep.equal([1, 1]);
    const figure = `${Object.keys(answers).length} answers (100 MB, no end, 1 GB in 1 MB of gzip, as much as is read at all, endless pages, a byte now and then, ${Object.keys(MALFORMED).length} kinds of damage) in the place of ${Object.keys(VICTIMS).length - 1} servers, ${sum.runs} syncs: a clear error each, at most ${Math.round(sum.memory)} MB, 0 writes`;
    const note = `One target. Ten of one server, which then gives ten such answers at once, at most ${Math.round(sum.ten)} MB`;
    evidence(30, { figure, met: failed === 0, note, seconds: seconds(), planted: caught.length, caught: caught.length });
  });
});
