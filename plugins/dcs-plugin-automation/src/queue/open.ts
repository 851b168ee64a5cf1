import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DcsError, type Env } from 'dcs-sdk';
import { openFileQueue } from './file-queue.ts';
import { FileStore } from './file-store.ts';
import type { RedisQueueOptions } from './redis-queue.ts';
import type { DeadLetter, Queue } from './queue.ts';

export interface Where {
  /** Of dcs on this machine. */
  readonly stateDir: string;
  /** The directory of dcs.yaml. */
  readonly root: string;
  /** Of Doppler. */
  readonly project: string;
  /** Of a Redis, as `queueUrl` found it; undefined: a file of this machine. */
  readonly url: string | undefined;
  readonly log: RedisQueueOptions['log'];
}

export async function openQueue({ url, ...where }: Where): Promise<Queue> {
  return url === undefined ? openFileQueue(fileOf(where)) : (await import('./redis-queue.ts')).openRedisQueue({ ...where, url });
}

/** What was given up, also while a receiver works on the queue. */
export async function deadLettersOf(where: Where): Promise<readonly DeadLetter[]> {
  if (where.url === undefined) {
    const store = await FileStore.look(fileOf(where));
    const letters = store?.deadLetters() ?? [];
    store?.close();
    return letters;
  }
  const queue = await openQueue(where);
  try {
    return await queue.deadLetters();
  } finally {
    await queue.close(0);
  }
}

/** `--queue`, else DCS_QUEUE_URL. Throws USAGE for a password that stands in argv, where every user of the machine reads it. */
export function queueUrl(env: Env, flag: string | undefined): string | undefined {
  const found = flag ?? (env['DCS_QUEUE_URL'] || undefined);
  if (found === undefined) return undefined;
  const parsed = URL.canParse(found) ? new URL(found) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol))
    throw new DcsError('USAGE', `${flag === undefined ? 'DCS_QUEUE_URL' : '--queue'} is no URL of a Redis.`, {
      hint: 'redis://127.0.0.1:6379, rediss:// for TLS',
    });
  if (flag !== undefined && (parsed.password !== '' || parsed.searchParams.has('password')))
    throw new DcsError('USAGE', '--queue takes no password: everybody on this machine could read it.', {
      why: 'Nothing was started.',
      hint: 'the same URL in the variable DCS_QUEUE_URL',
    });
  return found;
}

const fileOf = ({ stateDir, root }: Pick<Where, 'stateDir' | 'root'>): string =>
  join(stateDir, 'webhook', `${createHash('sha256').update(root).digest('hex').slice(0, 16)}.sqlite`);
