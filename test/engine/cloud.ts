import {
  DcsError,
  Secret,
  type Entry,
  type Held,
  type Mark,
  type Outcome,
  type Source,
  type Target,
  type TargetDefinition,
  type Write,
} from 'dcs-sdk';

/** `marked`: write-only, each name with a trail and a mark of its own. */
export type Kind = 'write-only' | 'readable' | 'marked';
/** What the n-th write of a sync meets. `unread`: it is made, and the listing after it fails. */
export type Fault = 'lost-applied' | 'lost-not-applied' | 'refused' | 'unread';

export type Witness = (change: Write, met: Fault | undefined) => void;

/** One name as it stands on the cloud, and who made and last wrote it. */
export interface Standing {
  readonly value: string;
  readonly maker: 'dcs' | 'stranger';
  readonly writer: 'dcs' | 'stranger';
  /** On a marked cloud: its revisions, newest first, and what dcs left beside it. */
  readonly trail?: readonly { readonly id: string }[];
  readonly mark?: Mark;
}

/** Ends after a number of operations; what is dead does nothing more, whoever catches the error. */
export class Life {
  #left: number;
  constructor(left: number) {
    this.#left = left;
  }
  get over(): boolean {
    return this.#left < 0;
  }
  async live<T>(act: () => T | Promise<T>): Promise<T> {
    this.#breathe();
    const done = await act();
    this.#breathe();
    return done;
  }
  #breathe(): void {
    if (this.over || --this.#left < 0) throw new Error('The process died.');
  }
}

/** A platform in memory. Write-only, it shows the newest revisions of a trail that all names share; readable, its values alone. */
export class Cloud {
  readonly names: Map<string, Standing> = new Map();
  readonly #trail: { id: string; touches?: boolean }[] = [];
  readonly #kind: Kind;
  #revisions = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
    this.#revise(true);
  }

  moved(touches = true): void {
    this.#revise(touches);
  }
  #revise(touches: boolean): void {
    this.#trail.unshift({ id: `r${++this.#revisions}`, ...(touches ? {} : { touches }) });
    this.#trail.splice(6);
  }

  /** What strangers did reaches the platform; here it has. */
  async settle(): Promise<void> {}

  /** A name's own trail after one more write. */
  grown(name: string): readonly { readonly id: string }[] {
    return [{ id: `r${++this.#revisions}` }, ...(this.names.get(name)?.trail ?? [])];
  }

  #shown(name: string, { value, trail, mark }: Standing): Entry {
    if (this.#kind === 'write-only') return { name };
    if (this.#kind === 'readable') return { name, value: new Secret(value) };
    return { name, ...(trail ? { trail } : {}), ...(mark ? { mark } : {}) };
  }

  get definition(): TargetDefinition<never> {
    const readable = this.#kind === 'readable';
    return {
      type: 'cloud',
      title: 'Cloud',
      options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as never }) } },
      keys: [],
      supports: { readable, ownership: this.#kind === 'marked', atomic: true, trail: !readable },
      limits: { batch: 2 },
      credentials: [],
      effect: 'now',
      endpoint: () => 'https://cloud.invalid',
      place: () => 'cloud',
      connect: () => this.target(new Life(Infinity), () => {}),
    };
  }

  /** As one process sees it. The witness sees every change that arrives, before it is made. */
  target(life: Life, witness: Witness, fault?: { readonly kind: Fault; readonly at: number }): Target {
    let writes = 0;
    let unread = false;
    const apply = (changes: readonly Write[]): void => {
      for (const change of changes) {
        if (change.action === 'delete') this.names.delete(change.name);
        else {
          const maker = this.names.get(change.name)?.maker ?? 'dcs';
          const trail = this.grown(change.name);
          const mark = change.mark && { ...change.mark, revision: trail[0]!.id };
          this.names.set(change.name, { value: change.secret.reveal(), maker, writer: 'dcs', trail, ...(mark ? { mark } : {}) });
        }
      }
      this.moved();
    };
    return {
      identify: () => life.live(() => ({ id: 'cloud', title: 'Cloud' })),
      list: () =>
        life.live(() => {
          if (unread) {
            unread = false;
            throw new DcsError('NETWORK', 'The listing was lost.');
          }
          const entries = [...this.names].map(([name, standing]) => this.#shown(name, standing));
          return { entries, ...(this.#kind === 'write-only' ? { trail: [...this.#trail] } : {}) };
        }),
      write: (changes) =>
        life.live(() => {
          const met = fault?.at === writes++ ? fault.kind : undefined;
          for (const change of changes) witness(change, met);
          if (met !== 'refused' && met !== 'lost-not-applied') apply(changes);
          if (met === 'unread') unread = true;
          return changes.map(({ name }) => outcomeOf(name, met));
        }),
    };
  }
}

function outcomeOf(name: string, met: Fault | undefined): Outcome {
  if (met === 'refused') return { name, result: 'failed', error: new DcsError('TARGET', 'Refused.') };
  if (met === undefined || met === 'unread') return { name, result: 'done' };
  return { name, result: 'unknown', error: new DcsError('NETWORK', 'The answer was lost.', { applied: 'unknown' }) };
}

/** Doppler in memory. */
export class Doppler {
  readonly names = new Map<string, Held>();
  #version = 0;

  set(name: string, held: Held): void {
    this.names.set(name, held);
    this.#version++;
  }
  remove(name: string): void {
    if (this.names.delete(name)) this.#version++;
  }
  /** The value wanted, where there is one that can be read. */
  value(name: string): string | undefined {
    const held = this.names.get(name);
    return held?.state === 'value' ? held.secret.reveal() : undefined;
  }
  get source(): Source {
    const identity = 'https://doppler.invalid/shop/prd';
    return {
      title: 'Doppler shop/prd',
      identity,
      read: async (unless) => {
        const version = `v${this.#version}`;
        return unless === version ? undefined : { identity, version, secrets: new Map(this.names) };
      },
    };
  }
}
