import { DcsError, isDcsError, type Source, type SourceRead } from 'dcs-sdk';
import { dopplerToken } from '../doppler-token.ts';
import { identityOf } from '../doppler/place.ts';
import type { DopplerClient } from '../doppler/client.ts';
import type { Session } from '../session.ts';
import { span } from './duration.ts';
import type { Place } from './place.ts';
import { snapshotStore, type Snapshot, type SnapshotStore } from './snapshot.ts';

export interface ReadOptions {
  /** No request at all. */
  readonly offline: boolean;
  /** ms: so old may a snapshot be that stands in for Doppler. Undefined: Doppler is always asked, and without an answer any age will do. */
  readonly maxAge?: number | undefined;
}

/** The secrets of one config, and how fresh they are. */
export interface Fresh {
  readonly read: SourceRead;
  /** `dev`, or `dev_personal`: the caller's own config where there is one. */
  readonly config: string;
  /** ms since Doppler last said so; 0 when it just did. */
  readonly age: number;
  readonly asked: boolean;
  /** Why a snapshot was taken although Doppler was asked. */
  readonly unreachable?: string;
}

/** All tries together when a snapshot can step in. */
const PATIENCE_MS = 4000;
/** So long nobody asks again whether the caller has made a personal config. */
const PERSONAL_MS = 600_000;
/** A snapshot younger than this is not written anew only because it was confirmed. */
const CONFIRM_MS = 60_000;

/** Reads configs for the person who calls: one conditional request, and the last-known-good snapshot where no answer can be had. */
export class Reader {
  readonly #session: Session;
  readonly #token: string;
  readonly #personal: boolean;
  readonly #store: SnapshotStore;

  private constructor(session: Session, token: string, personal: boolean) {
    this.#session = session;
    this.#token = token;
    this.#personal = personal;
    this.#store = snapshotStore({ cacheDir: session.directories.cacheDir, token, log: session.log });
  }

  static async open(session: Session): Promise<Reader> {
    const { token, kind } = await dopplerToken(session);
    return new Reader(session, token, kind === 'cli' || kind === 'personal');
  }

  async read(place: Place, options: ReadOptions): Promise<Fresh> {
    const base = place.config;
    if (!this.#personal || place.exact) return this.#one(place, base, options, await this.#kept(place, base, options));
    const own = `${base}_personal`;
    const keptOwn = await this.#kept(place, own, options);
    if (keptOwn !== undefined)
      try {
        return await this.#one(place, own, options, keptOwn);
      } catch (error) {
        if (!isDcsError(error) || error.details.status !== 404) throw error;
      }
    const kept = await this.#kept(place, base, options);
    const asked = kept?.noPersonalAt;
    if (options.offline || (asked !== undefined && Date.now() - asked < PERSONAL_MS)) return this.#one(place, base, options, kept, asked);
    if (kept !== undefined && options.maxAge !== undefined && ageOf(kept) <= options.maxAge)
      return this.#one(place, base, options, kept, asked);
    const found = await this.#lookFor(place, own, kept !== undefined);
    if (found === 'there') return this.#one(place, own, options, undefined);
    return this.#one(place, base, options, kept, found === 'absent' ? Date.now() : asked);
  }

  /** See watchConfig of src/doppler/watch.ts. */
  async watch(project: string, config: string, signal: AbortSignal, changed: () => void): Promise<false | undefined> {
    const { watchConfig } = await import('../doppler/watch.ts');
    return watchConfig({ base: this.#session.dopplerHost, token: this.#token, project, config, signal, log: this.#session.log }, changed);
  }

  /** Loaded only when Doppler is asked: offline is the faster for it. */
  async #source({ project }: Place, config: string, deadline?: number): Promise<Source> {
    const [client, { dopplerSource }] = await Promise.all([this.#client(deadline), import('../doppler/source.ts')]);
    return dopplerSource(client, { host: this.#session.dopplerHost, project, config });
  }

  async #client(deadline?: number): Promise<DopplerClient> {
    const { dopplerHost: base, signal, log } = this.#session;
    const { createDopplerClient } = await import('../doppler/client.ts');
    return createDopplerClient({ base, token: this.#token, signal, log, ...(deadline === undefined ? {} : { deadline }) });
  }

  #identity({ project }: Place, config: string): string {
    return identityOf({ host: this.#session.dopplerHost, project, config });
  }

  /** A snapshot that does not open is as good as none while Doppler can be asked. */
  async #kept(place: Place, config: string, { offline }: ReadOptions): Promise<Snapshot | undefined> {
    try {
      return await this.#store.load(this.#identity(place, config));
    } catch (error) {
      if (isDcsError(error) && !offline) return undefined;
      throw error;
    }
  }

  /** Only a 404 says that there is none; an outage leaves it open where a snapshot of the shared config can step in. */
  async #lookFor({ project }: Place, config: string, outageIsFine: boolean): Promise<'there' | 'absent' | 'unknown'> {
    try {
      await (await this.#client(PATIENCE_MS)).config(project, config);
      return 'there';
    } catch (error) {
      if (!isDcsError(error)) throw error;
      if (error.details.status === 404) return 'absent';
      if (outageIsFine && isOutage(error)) return 'unknown';
      throw error;
    }
  }

  async #one(place: Place, config: string, options: ReadOptions, kept: Snapshot | undefined, noPersonalAt?: number): Promise<Fresh> {
    if (options.offline) return standIn(kept, place, config, options);
    if (kept !== undefined && options.maxAge !== undefined && ageOf(kept) <= options.maxAge)
      return { read: kept.read, config, age: ageOf(kept), asked: false };
    try {
      const answer = await (await this.#source(place, config, kept && PATIENCE_MS)).read(kept?.read.version);
      const read = answer ?? kept?.read;
      if (read === undefined) throw new Error('A source read without a version must answer');
      if (answer !== undefined || ageOf(kept) > CONFIRM_MS || kept?.noPersonalAt !== noPersonalAt)
        await this.#store.save({ read, at: Date.now(), ...(noPersonalAt === undefined ? {} : { noPersonalAt }) });
      return { read, config, age: 0, asked: true };
    } catch (error) {
      if (!isDcsError(error)) throw error;
      if ([401, 403, 404].includes(error.details.status ?? 0)) await this.#store.remove(this.#identity(place, config));
      if (kept === undefined || !isOutage(error)) throw error;
      return { ...standIn(kept, place, config, options), asked: true, unreachable: error.message };
    }
  }
}

function standIn(kept: Snapshot | undefined, { project }: Place, config: string, { maxAge }: ReadOptions): Fresh {
  const title = `${project}/${config}`;
  if (kept === undefined)
    throw new DcsError('NETWORK', `There is no snapshot of ${title}.`, {
      why: 'Nobody ran a command with its secrets on this machine yet, or Doppler refused the token since.',
      hint: 'once without --offline',
    });
  const age = ageOf(kept);
  if (maxAge !== undefined && age > maxAge)
    throw new DcsError('NETWORK', `The snapshot of ${title} is ${span(age)} old; --max-age allows ${span(maxAge)}.`, {
      hint: 'once without --offline, or a longer --max-age',
    });
  return { read: kept.read, config, age, asked: false };
}

/** A clock that was set back makes nothing younger than new. */
const ageOf = (kept: Snapshot | undefined): number => (kept === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Date.now() - kept.at));

/** No answer, or a server in trouble. A quota that is used up and a damaged answer are no reason to run on old secrets. */
const isOutage = ({ code, details: { status } }: DcsError): boolean => code === 'NETWORK' && (status === undefined || status >= 500);
