import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, type Log, id, now, type Webhook, type World } from './state.ts';

/** What a test may order: Doppler promises neither once, nor in order, nor soon. Times in milliseconds. */
export interface Weather {
  /** After a first try that failed; https://docs.doppler.com/docs/webhooks does not say how many, last verified 2026-11-21. */
  retries: number;
  /** Before the first retry; doubled for each further one. */
  backoff: number;
  /** How many more times a delivery that arrived is sent. */
  duplicates: number;
  /** So many deliveries are collected, then sent with the newest first. */
  reorder: number;
  delay: number;
}

const FAIR: Weather = { retries: 5, backoff: 1000, duplicates: 0, reorder: 0, delay: 0 };
/** For one answer. */
const PATIENCE_MS = 10_000;

/** One try. `status` 0: no answer; `skipped`: not a URL of this machine. */
export interface Delivery {
  n: number;
  at: string;
  /** The same for all tries and duplicates of one change. */
  id: string;
  webhook: string;
  project: string;
  config: string;
  attempt: number;
  status: number | 'skipped';
  signed: boolean;
}

interface Parcel {
  id: string;
  webhook: Webhook;
  project: string;
  config: string;
  body: string;
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export const isLocal = (url: string): boolean => URL.canParse(url) && LOOPBACK.has(new URL(url).hostname);

/** The default payload: names, never values. https://docs.doppler.com/docs/webhooks, last verified 2026-11-21. */
export function payloadOf(world: World, config: Config, log: Log): unknown {
  const project = world.projects.get(config.project);
  const named = (wanted: (before: boolean, after: boolean) => boolean): string[] =>
    log.diff.filter(({ added, removed }) => wanted(removed !== null, added !== null)).map(({ name }) => name);
  return {
    type: 'config.secrets.update',
    config: { name: config.name, created_at: config.created, environment: config.environment, project: config.project },
    project: { id: config.project, name: config.project, description: project?.description ?? '', created_at: project?.created ?? '' },
    workplace: { id: world.workplace, name: world.workplace, billing_email: `billing@${world.workplace}.example` },
    diff: {
      added: named((before, after) => !before && after),
      removed: named((before, after) => before && !after),
      updated: named((before, after) => before && after),
    },
  };
}

function headersOf({ webhook: { secret, authentication } }: Parcel, body: Buffer): Record<string, string> {
  const { type, token = '', username = '', password = '' } = authentication;
  return {
    'content-type': 'application/json',
    'user-agent': 'Doppler/Webhooks (sandbox)',
    ...(secret === null ? {} : { 'x-doppler-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }),
    ...(type === 'Bearer' ? { authorization: `Bearer ${token}` } : {}),
    ...(type === 'Basic' ? { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` } : {}),
  };
}

/** Carries changes to the webhooks that want them, on this machine only. */
export class Courier {
  weather: Weather = { ...FAIR };
  #log: Delivery[] = [];
  #n = 0;
  #held: Parcel[] = [];
  #parcels = new Map<string, Parcel>();
  #underWay = new Set<Promise<void>>();
  #end = new AbortController();

  announce(world: World, config: Config, log: Log): void {
    const body = JSON.stringify(payloadOf(world, config, log));
    for (const webhook of world.projects.get(config.project)?.webhooks.values() ?? []) {
      if (!webhook.enabled || !webhook.enabledConfigs.includes(config.name)) continue;
      this.#accept({ id: id(), webhook, project: config.project, config: config.name, body: webhook.payload ?? body });
    }
  }

  /** Sends one again, as somebody would who recorded it. */
  replay(which: string, times: number): boolean {
    const parcel = this.#parcels.get(which);
    if (parcel !== undefined)
      for (let time = 0; time < times; time++) this.#start(async (signal) => void (await this.#try(parcel, 1, signal)));
    return parcel !== undefined;
  }

  deliveries(): readonly Delivery[] {
    return [...this.#log];
  }

  /** Answers when nothing is under way; what `reorder` holds back is sent first. */
  async settled(): Promise<void> {
    this.#release();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  forget(): void {
    this.#log = [];
    this.#n = 0;
    this.#parcels.clear();
  }

  /** Fair weather, and nothing left of the past. */
  async reset(): Promise<void> {
    this.#end.abort();
    this.#end = new AbortController();
    this.#held = [];
    this.weather = { ...FAIR };
    this.forget();
    await Promise.allSettled(this.#underWay);
  }

  #accept(parcel: Parcel): void {
    this.#parcels.set(parcel.id, parcel);
    this.#held.push(parcel);
    if (this.#held.length >= this.weather.reorder) this.#release();
  }

  #release(): void {
    const parcels = this.#held.splice(0).toReversed();
    // One after the other, so that the order is what was asked for.
    this.#start(async (signal) => {
      for (const parcel of parcels) await this.#deliver(parcel, signal);
    });
  }

  #start(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#end;
    const running = work(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    this.#underWay.add(running);
    void running.finally(() => this.#underWay.delete(running));
  }

  async #deliver(parcel: Parcel, signal: AbortSignal): Promise<void> {
    const { retries, backoff, duplicates, delay } = this.weather;
    if (delay > 0) await sleep(delay, undefined, { signal });
    for (let attempt = 1; attempt <= retries + 1; attempt++) {
      if (attempt > 1) await sleep(backoff * 2 ** (attempt - 2), undefined, { signal });
      const status = await this.#try(parcel, attempt, signal);
      if (status === 'skipped') return;
      if (status < 200 || status > 299) continue;
      for (let copy = 0; copy < duplicates; copy++) await this.#try(parcel, 1, signal);
      return;
    }
  }

  async #try(parcel: Parcel, attempt: number, signal: AbortSignal): Promise<number | 'skipped'> {
    const { webhook, project, config } = parcel;
    const status: Delivery['status'] = isLocal(webhook.url) ? await post(parcel, signal) : 'skipped';
    signal.throwIfAborted();
    this.#n += 1;
    const entry = { id: parcel.id, webhook: webhook.id, project, config, attempt, status, signed: webhook.secret !== null };
    this.#log.push({ n: this.#n, at: now(), ...entry });
    if (this.#log.length > 10_000) this.#log.shift();
    return status;
  }
}

async function post(parcel: Parcel, end: AbortSignal): Promise<number> {
  const body = Buffer.from(parcel.body);
  const signal = AbortSignal.any([end, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const answer = await fetch(parcel.webhook.url, { method: 'POST', headers: headersOf(parcel, body), body, signal, redirect: 'manual' });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    // Nobody there, a cut connection, or no answer in time: what retries are for.
    if (error instanceof TypeError || error instanceof DOMException) return 0;
    throw error;
  }
}
