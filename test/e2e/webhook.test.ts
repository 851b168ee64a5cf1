import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { freePort } from '../../runtime/test/program.ts';
import { REDIS_PASSWORD, redisServer } from '../../plugins/dcs-plugin-automation/test/redis.ts';
import { running, type Running } from './running.ts';
import { world, YAML, type World } from './world.ts';

const TRIGGER = 'triggers: [{type: webhook, environment: staging}]\n';

describe('dcs webhook', function () {
  this.timeout(60_000);
  let w: World;
  let port: number;
  let url: string;
  let receiver: Running | undefined;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML + TRIGGER);
    await w.dcs(['trust']);
    port = await freePort();
    url = `http://127.0.0.1:${port}/webhook`;
    receiver = undefined;
  });
  afterEach(async () => {
    receiver?.kill('SIGTERM');
    await receiver?.ended;
    await w.close();
  });

  const key = (): string => join(w.home, 'webhook.key');
  const setUp = async (): Promise<void> => {
    const run = await w.dcs(['webhook', 'setup', url, '--key-file', key(), '--yes']);
    expect(run.code, run.err).to.equal(0);
  };
  const serve = async (): Promise<Running> => {
    const started = running(w, ['webhook', 'serve', '-p', String(port), '--key-file', key()]);
    await started.until('listening', () => started.seen.err.includes('"listening"'));
    receiver = started;
    return started;
  };
  const lines = (run: Running): { event: string; environment?: string; exit?: number; why?: string }[] =>
    run.seen.err
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
  const arrives = async (name: string, value: string): Promise<void> => {
    for (let tries = 0; (await w.worker(name)) !== value; tries++) {
      if (tries === 200) throw new Error(`${name} never arrived: ${receiver?.seen.err ?? ''}`);
      await sleep(100);
    }
  };

  /** Syncs that run in the project. */
  const writers = async (): Promise<string[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const [cwd, words] = await Promise.all([readlink(`/proc/${pid}/cwd`), readFile(`/proc/${pid}/cmdline`, 'utf8')]).catch(() => [
          '',
          '',
        ]);
        return cwd === w.project && words.includes('\0sync\0') ? [pid] : [];
      }),
    );
    return found.flat();
  };

  it('brings a change in Doppler to its targets, from setup to removal', async () => {
    await setUp();
    expect((await stat(key())).mode & 0o777).to.equal(0o600);
    const secret = (await readFile(key(), 'utf8')).trim();
    const started = await serve();
    const again = (await w.dcs(['webhook', 'setup', url, '--key-file', key(), '--yes', '--json'])).json();
    expect(Object.keys(again)).to.deep.equal(['schema', 'keyMade', 'webhooks']);
    expect(again['keyMade']).to.equal(false);
    expect((again['webhooks'] as object[]).map(({ id, ...rest }: { id?: unknown }) => ({ ...rest, id: typeof id }))).to.deep.equal([
      { project: 'shop', url, enabled: true, configs: ['stg'], created: false, id: 'string' },
    ]);
    const test = await w.dcs(['webhook', 'test', url, '--key-file', key()]);
    expect(test.code, test.err).to.equal(0);
    expect(test.out).to.contain('refuses an unsigned event (401)').and.to.contain('shop/stg (202)');
    await w.doppler('stg', { STRIPE_KEY: 'rotated-in-doppler' });
    await arrives('STRIPE_KEY', 'rotated-in-doppler');
    const listed = await w.dcs(['webhook', 'list', '--json']);
    expect((listed.json()['webhooks'] as { url: string; configs: string[] }[]).map((one) => [one.url, one.configs])).to.deep.equal([
      [url, ['stg']],
    ]);
    expect((await w.dcs(['webhook', 'test', url, '--key-file', key(), '--json'])).json()).to.deep.equal({
      schema: 1,
      url,
      environment: 'staging',
      unsigned: 401,
      signed: 202,
    });
    expect((await w.dcs(['webhook', 'remove', url, '--yes', '--json'])).json()).to.deep.equal({
      schema: 1,
      url,
      removed: [{ project: 'shop', configs: ['stg'], deleted: true }],
    });
    expect((await w.dcs(['webhook', 'remove', url, '--yes'])).code).to.equal(2);
    expect((await w.dcs(['webhook', 'list'])).out).to.contain('no webhook');
    started.kill('SIGTERM');
    expect(await started.ended).to.equal(0);
    expect(lines(started).map(({ event }) => event)).to.include.members(['listening', 'queued', 'started', 'ran', 'stopping', 'stopped']);
    for (const text of [started.seen.err, started.seen.out, test.out, listed.out])
      expect(text).to.not.contain(secret).and.to.not.contain('rotated-in-doppler');
  });

  it('goes on with a new key, and takes the old one meanwhile', async () => {
    await setUp();
    const old = (await readFile(key(), 'utf8')).trim();
    await serve();
    expect((await w.dcs(['webhook', 'setup', url, '--key-file', key(), '--rotate', '--yes'])).code).to.equal(0);
    expect((await readFile(key(), 'utf8')).trim().split('\n')).to.have.length(2);
    expect((await w.dcs(['webhook', 'test', url, '--key-file', key()])).code).to.equal(0);
    const withOld = { env: { DOPPLER_WEBHOOK_SECRET: old } };
    expect((await w.dcs(['webhook', 'test', url], withOld)).code).to.equal(0);
    const foreign = await w.dcs(['webhook', 'test', url], { env: { DOPPLER_WEBHOOK_SECRET: 'a-key-that-nobody-gave-it' } });
    expect([foreign.code, foreign.err]).to.satisfy(([code, err]: [number, string]) => code === 4 && err.includes('another signing key'));
    await w.doppler('stg', { STRIPE_KEY: 'signed-with-the-new-key' });
    await arrives('STRIPE_KEY', 'signed-with-the-new-key');
  });

  it('answers for its health within 50 ms while a sync runs', async () => {
    await setUp();
    const started = await serve();
    await w.doppler('stg', { STRIPE_KEY: 'slowly' });
    await started.until('a run', () => started.seen.err.includes('"started"'));
    const late: number[] = [];
    while (!started.seen.err.includes('"ran"')) {
      const begin = performance.now();
      expect((await fetch(`http://127.0.0.1:${port}/health`)).status).to.equal(200);
      late.push(performance.now() - begin);
      await sleep(10);
    }
    expect(late.length).to.be.above(5);
    // This machine does other things too: the client's own turn counts in the slowest ones.
    expect(late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.9)]).to.be.below(50);
  });

  it('after kill -9 leaves no writer behind, and does what it had accepted', async () => {
    await setUp();
    const started = await serve();
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', kind: 'delay', ms: 5000, times: 1 });
    await w.doppler('stg', { STRIPE_KEY: 'accepted-before-the-crash' });
    await started.until('a run', () => started.seen.err.includes('"started"'));
    for (let tries = 0; (await writers()).length === 0; tries++) {
      if (tries === 100) throw new Error('there is no sync to be left behind');
      await sleep(50);
    }
    started.kill('SIGKILL');
    await started.ended;
    receiver = undefined;
    for (let tries = 0; (await writers()).length > 0; tries++) {
      if (tries === 40) throw new Error('a sync goes on without its receiver');
      await sleep(50);
    }
    await serve();
    await arrives('STRIPE_KEY', 'accepted-before-the-crash');
  });

  it('receives on one machine and syncs on others, with a password that is nowhere to be seen', async () => {
    const redis = await redisServer();
    const env = { DCS_QUEUE_URL: redis.url };
    const workers = [0, 1].map(() => running(w, ['webhook', 'worker'], env));
    try {
      await setUp();
      const front = running(w, ['webhook', 'serve', '-p', String(port), '--key-file', key()], env);
      receiver = front;
      for (const one of workers) await one.until('working', () => one.seen.err.includes('"working"'));
      await front.until('listening', () => front.seen.err.includes('"queue":"redis"'));
      await w.doppler('stg', { STRIPE_KEY: 'by-a-worker' });
      await arrives('STRIPE_KEY', 'by-a-worker');
      expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).to.equal(200);
      expect((await w.dcs(['webhook', 'list', '--dead'], { env })).out).to.contain('Nothing was given up');
      expect(front.seen.err).to.not.contain('"ran"').and.to.not.contain(REDIS_PASSWORD);
    } finally {
      for (const one of workers) one.kill('SIGTERM');
      expect(await Promise.all(workers.map(({ ended }) => ended))).to.deep.equal([0, 0]);
      receiver?.kill('SIGTERM');
      await receiver?.ended;
      await redis.close();
    }
    for (const { seen } of workers) expect(seen.err + seen.out).to.not.contain(REDIS_PASSWORD);
  });

  it('gives up what is refused, lists it, and forgets it with the next success', async () => {
    await w.yaml(`${YAML.replace('    worker:', '    policy: mirror\n    worker:')}${TRIGGER}notifications: {webhook: {type: webhook}}\n`);
    await w.dcs(['trust']);
    await w.doppler('stg', { EXTRA: 'one' });
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).code).to.equal(0);
    await setUp();
    const started = await serve();
    await w.doppler('stg', { EXTRA: null });
    await started.until('a refusal', () => started.seen.err.includes('"gave up"'));
    expect(lines(started).find(({ event }) => event === 'gave up')).to.deep.include({ environment: 'staging', exit: 7 });
    expect(await w.worker('EXTRA')).to.equal('one');
    const told = async (): Promise<string> => (await fetch(`${w.origin}/_sandbox/inbox`)).text();
    for (let tries = 0; !(await told()).includes('refused'); tries++) {
      if (tries === 100) throw new Error(`nobody was told: ${await told()}`);
      await sleep(100);
    }
    const dead = await w.dcs(['webhook', 'list', '--dead']);
    expect(dead.out).to.contain('✗ staging').and.to.contain('exit 7').and.to.contain('dcs sync -e staging');
    await w.doppler('stg', { EXTRA: 'two' });
    await arrives('EXTRA', 'two');
    await sleep(500);
    expect((await w.dcs(['webhook', 'list', '--dead', '--json'])).json()['dead']).to.deep.equal([]);
  });

  const refusals: readonly (readonly [name: string, code: number, says: string, words: readonly string[], env?: Record<string, string>])[] =
    [
      ['without a key', 3, 'no signing key', ['serve', '-p', '0']],
      ['with a key that is short', 2, 'too short', ['serve', '-p', '0'], { DOPPLER_WEBHOOK_SECRET: 'secret' }],
      ['with a password in argv', 64, 'takes no password', ['serve', '-p', '0', '--queue', 'redis://:pw@127.0.0.1']],
      ['with a Redis that is not there', 8, 'cannot be used (ECONNREFUSED)', ['serve', '-p', '0', '--queue', 'redis://127.0.0.1:1']],
      ['as a worker without a queue', 64, 'needs the queue', ['worker']],
      ['with an environment that no trigger names', 2, 'names prod', ['serve', '-p', '0', '-e', 'prod']],
      ['for an environment that no trigger names', 2, 'names prod', ['test', 'http://127.0.0.1:1/webhook', '-e', 'prod']],
    ];
  for (const [name, code, says, words, env = { DOPPLER_WEBHOOK_SECRET: 'a-signing-key-that-is-long-enough' }] of refusals)
    it(`does not start ${name}`, async () => {
      const run = await w.dcs(['webhook', ...words], { env: name === 'without a key' ? {} : env });
      expect([run.code, run.err]).to.satisfy(([exit, err]: [number, string]) => exit === code && err.includes(says), run.err);
      expect(run.err).to.not.contain(':pw');
    });

  it('does not start with a key that others may read, without a trigger, or without trust', async () => {
    await writeFile(key(), 'a-signing-key-that-is-long-enough\n', { mode: 0o644 });
    const start = () => w.dcs(['webhook', 'serve', '-p', '0', '--key-file', key()], { killAfter: 10_000 });
    const open = await start();
    expect([open.code, open.err]).to.satisfy(([code, err]: [number, string]) => code === 2 && err.includes('chmod 600'), open.err);
    await writeFile(key(), 'x', { mode: 0o600 });
    const env = { DOPPLER_WEBHOOK_SECRET: 'a-signing-key-that-is-long-enough' };
    await w.yaml(`${YAML}${TRIGGER}# edited\n`);
    const untrusted = await w.dcs(['webhook', 'serve', '-p', '0'], { env });
    expect([untrusted.code, untrusted.err.includes('dcs trust')]).to.deep.equal([7, true]);
    await w.yaml(YAML);
    const none = await w.dcs(['webhook', 'serve', '-p', '0'], { env });
    expect([none.code, none.err.includes('No trigger')]).to.deep.equal([2, true]);
  });

  it('writes a receiver into a new file, and over none', async () => {
    const file = join(w.project, 'receiver.ts');
    const run = await w.dcs(['webhook', 'handler', 'express', '--out', file, '--json']);
    expect(run.json()).to.deep.equal({ schema: 1, platform: 'express', to: 'github', configs: { 'shop/stg': 'staging' }, file });
    const code = await readFile(file, 'utf8');
    expect(code).to.contain('"shop/stg": "staging"').and.not.contain('{{');
    expect((await w.dcs(['webhook', 'handler', 'express', '--out', file])).code).to.equal(6);
    const shown = await w.dcs(['webhook', 'handler', 'express', '--json']);
    expect(shown.json()['code']).to.equal(code);
  });

  it('explains itself without a network', async () => {
    const document = (await w.dcs(['webhook', 'info', '--json'])).json();
    expect(document).to.deep.equal({
      schema: 1,
      triggers: [{ environment: 'staging', project: 'shop', config: 'stg' }],
      key: 'There is no signing key for the webhook.',
      trusted: true,
      queue: 'file',
    });

    const run = await w.dcs(['webhook', 'info'], { env: { DOPPLER_API_HOST: 'http://127.0.0.1:1' } });
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.contain('shop/stg -> dcs sync -e staging').and.to.contain('✗ signing key').and.to.contain('✓ dcs.yaml is trusted');
  });
});
