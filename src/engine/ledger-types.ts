import { DcsError } from 'dcs-sdk';

/** How dcs came to a name. Only `created` and `claimed` names are dcs's to delete. */
export type Origin = 'created' | 'claimed' | 'adopted' | 'overwrote' | 'unsure';

/** What the ledger knows of one name. A record whose seal no current key verifies is no record. */
export interface LedgerRecord {
  readonly name: string;
  /** HMAC of the value last known to stand there; absent after an undecided write. */
  readonly mac?: string;
  readonly origin: Origin;
  /** The source's name. */
  readonly from?: string;
  /** The source held it at the last sync. */
  readonly wanted: boolean;
  readonly birth?: string;
  readonly revision?: string;
}

/** A write whose intent is on disk and whose end is not known yet. */
export interface Pending {
  readonly run: string;
  readonly chunk: number;
  readonly name: string;
  readonly action: 'put' | 'delete';
  readonly mac?: string;
  readonly from?: string;
  /** The target held the name when it was planned; and it was provably the incarnation that the record speaks of. */
  readonly had: boolean;
  readonly proven: boolean;
  /** Newest revision when the request left. */
  readonly base?: string;
  readonly told?: 'done' | 'unknown';
  readonly revision?: string;
  readonly birth?: string;
}

/** What the source said at the last complete read: lets a 304 be planned on. */
export interface SourceRecord {
  readonly identity: string;
  /** The version (ETag) those HMACs belong to. */
  readonly version: string;
  /** Digest of the shaping settings they were made under. */
  readonly shape: string;
  /** Shaped name -> HMAC, `withheld` or `unresolved`. */
  readonly names: ReadonlyMap<string, string>;
}

export interface Ledger {
  readonly version: 1;
  /** host + type + account/project/worker + environment. */
  readonly place: string;
  readonly incarnation?: string;
  /** The platform identity the last write was made to. */
  readonly identity?: string;
  readonly source?: SourceRecord;
  readonly keyId: string;
  /** No current key verifies it, so nothing of it is believed; `identity` and `source` are what it says, for the guard. Never saved. */
  readonly foreign?: true;
  readonly serial: number;
  /** The last sync: when (ISO), by whom, its id. */
  readonly last?: { readonly at: string; readonly by: string; readonly run: string };
  readonly records: ReadonlyMap<string, LedgerRecord>;
  readonly pending: readonly Pending[];
}

/** `intent`: before a request leaves. `answer`: what it was answered. `settled`: what a listing showed, and a run's last word. */
export type SaveStep = 'intent' | 'answer' | 'settled';

/** Where ledgers live. */
export interface LedgerHome {
  readonly title: string;
  /** For people: the file, or the place at Doppler. */
  fileOf(place: string): string;
  /** `undefined`: there is none. A file that cannot be read or parsed throws CONFLICT naming the file: never "none". */
  load(place: string): Promise<Ledger | undefined>;
  /** Gets these ready for `load` in one step, where each step is a request. */
  preload?(places: readonly string[]): Promise<void>;
  /**
   * Atomic and durable before it resolves. Where machines share the home: throws LedgerMoved at an intent when another one wrote
   * since `load`, leaves out answers (a listing tells them), and merges what is settled with what the other one recorded.
   */
  save(ledger: Ledger, step: SaveStep): Promise<void>;
  /** Waits while another machine is writing to one of the places; until it ends, or nothing moved for so long that it must be dead. */
  quiet?(places: readonly string[], wait: Waiting): Promise<void>;
  /**
   * Whether another machine wrote to one of the places since they were loaded: a listing taken after that load may show its writes,
   * which would look like a stranger's.
   */
  moved?(places: readonly string[]): Promise<boolean>;
  /** Leaves the place to the home that has its ledger now. */
  forget(place: string): Promise<void>;
}

export interface Waiting {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Another machine wrote to the ledger since it was loaded: what was planned on it is to be planned again. Nothing was written. */
export class LedgerMoved extends DcsError {
  constructor(where: string) {
    super('CONFLICT', `Another machine wrote to the record in ${where} meanwhile.`, { why: 'Nothing was written.', hint: 'try again' });
  }
}

export interface LedgerKey {
  /** Short public id of the key, not derived from it reversibly. */
  readonly id: string;
  /** HMAC-SHA256 over (place, name, value), hex. */
  mac(place: string, name: string, value: string): string;
  /** MAC over any JSON-serialisable fields, hex: seals of records and saved plans. */
  seal(purpose: string, fields: unknown): string;
}

/** `active` writes; all of them verify (rotation). */
export interface LedgerKeys {
  readonly active: LedgerKey;
  readonly all: readonly LedgerKey[];
}
