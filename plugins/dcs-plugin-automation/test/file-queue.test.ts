import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openFileQueue } from '../src/queue/file-queue.ts';
import { FileStore } from '../src/queue/file-store.ts';
import { deadLettersOf, queueUrl } from '../src/queue/open.ts';
import { ATTEMPTS, backoff, type Run, type Verdict } from '../src/queue/queue.ts';

const failed = (exit: number, lasting = false): Verdict => ({ result: 'failed', exit, why: `exit ${exit}`, lasting });
const DONE: Verdict = { result: 'done' };

describe('the queue in a file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dcs-queue-'));
    file = join(folder, 'dcs', 'webhook', 'queue.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is this user’s alone, and one process’s', async () => {
    const queue = await openFileQueue(file);
    await queue.add('staging');
    for (const name of ['', '-wal', '-shm', '.owner']) expect((await stat(file + name)).mode & 0o777, name).to.equal(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).to.equal(0o700);
    const error = await openFileQueue(file).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.contain('Another receiver');
    await queue.close(0);
    await (await openFileQueue(file)).close(0);
  });

  it('runs what came while one ran once more, and nothing side by side', async () => {
    const queue = await openFileQueue(file);
    const runs: string[] = [];
    let free = (): void => undefined;
    await queue.work(
      ['staging', 'dev'],
      async ({ environment }) => {
        runs.push(environment);
        await new Promise<void>((resolve) => (free = resolve));
        return DONE;
      },
      async () => undefined,
    );
    expect(await queue.add('staging')).to.equal('queued');
    expect(await queue.add('staging')).to.equal('coalesced');
    await sleep(700);
    expect(await queue.counts()).to.deep.equal({ queued: 0, running: 1, dead: 0 });
    expect([await queue.add('staging'), await queue.add('staging'), await queue.add('staging')]).to.deep.equal([
      'queued',
      'coalesced',
      'coalesced',
    ]);
    expect(await queue.counts()).to.deep.equal({ queued: 1, running: 1, dead: 0 });
    free();
    await sleep(5000);
    expect(runs).to.deep.equal(['staging', 'staging']);
    free();
    await queue.close(1000);
  });

  it('tries again later and later, and gives up by name', async () => {
    const store = await FileStore.own(file);
    expect(store.add('staging', 0)).to.equal(true);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const row = store.take(Date.now() + 10 ** 9)!;
      expect(row.attempts).to.equal(attempt - 1);
      store.again(row, attempt, Date.now() + backoff(attempt));
    }
    expect(store.take(Date.now())).to.equal(undefined);
    expect(store.add('staging', 0), 'an event finds the one that waits').to.equal(false);
    const row = store.take(Date.now() + 10 ** 9)!;
    expect(row.attempts, 'which has all its attempts again').to.equal(0);
    store.bury(row, { attempts: ATTEMPTS, exit: 8, why: 'unreachable', at: '2026-11-21T00:00:00.000Z' });
    expect(store.counts()).to.deep.equal({ queued: 0, running: 0, dead: 1 });
    store.add('staging', 0);
    store.done(store.take(Date.now())!);
    expect(store.counts()).to.deep.equal({ queued: 0, running: 0, dead: 0 });
    store.close();
    expect([1, 2, 3, 8, 20].map(backoff)).to.deep.equal([5000, 10_000, 20_000, 300_000, 300_000]);
  });

  it('gives up at once what no further try would change, and shows it while somebody works on it', async () => {
    const queue = await openFileQueue(file);
    const told: [Run, Verdict, boolean][] = [];
    const ended = new Promise<void>((resolve) => {
      void queue.work(
        ['staging'],
        async () => failed(7, true),
        async (...args) => {
          told.push(args);
          if (told.length === 2) resolve();
        },
      );
    });
    await queue.add('staging');
    await queue.add('gone');
    await ended;
    expect(told.map(([, , dead]) => dead)).to.deep.equal([true, true]);
    const reader = (await FileStore.look(file))!;
    expect(reader.deadLetters().map(({ environment, exit }) => [environment, exit])).to.have.deep.members([
      ['staging', 7],
      ['gone', 2],
    ]);
    reader.close();
    await queue.close(0);
  });

  it('runs again what was cut off, by an end or by a crash', async () => {
    const queue = await openFileQueue(file);
    const started = new Promise<void>((resolve) => {
      void queue.work(
        ['staging'],
        async (_run, signal) => {
          resolve();
          await new Promise((over) => signal.addEventListener('abort', over));
          return { result: 'cut off' };
        },
        async () => undefined,
      );
    });
    await queue.add('staging');
    await started;
    await queue.close(50);
    const store = await FileStore.own(file);
    const row = store.take(Date.now())!;
    expect(row).to.deep.include({ environment: 'staging', attempts: 0 });
    store.add('staging', 0);
    // As after kill -9: one was running, one was waiting.
    store.close();
    const after = await FileStore.own(file);
    expect(after.counts()).to.deep.equal({ queued: 1, running: 0, dead: 0 });
    after.close();
  });

  it('has no dead letters before it was ever there', async () => {
    const where = { stateDir: folder, root: folder, project: 'shop', url: undefined, log: () => undefined };
    expect(await deadLettersOf(where)).to.deep.equal([]);
  });
});

describe('queueUrl', () => {
  const thrown = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };

  it('takes a password from the variable only', () => {
    expect(queueUrl({ DCS_QUEUE_URL: 'redis://:secret@host' }, undefined)).to.equal('redis://:secret@host');
    expect(queueUrl({ DCS_QUEUE_URL: 'redis://:secret@host' }, 'redis://other')).to.equal('redis://other');
    expect(queueUrl({ DCS_QUEUE_URL: '' }, undefined)).to.equal(undefined);
    for (const url of ['redis://:secret@host', 'rediss://me:secret@host/1', 'redis://host?password=secret'])
      expect(thrown(() => queueUrl({}, url)))
        .to.contain('takes no password')
        .and.not.contain('secret');
    for (const url of ['http://host', 'host:6379']) expect(thrown(() => queueUrl({}, url))).to.contain('no URL of a Redis');
  });
});
