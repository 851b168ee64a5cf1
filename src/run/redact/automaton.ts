import { DcsError } from 'dcs-sdk';

/** States, at 14 bytes each: 58 MB. */
const MAX_STATES = 4_000_000;
const ROOT = 0;
/** Instead of the byte that leads to the next state: no child at all, or only in the table. */
const NONE = -1;
const ELSEWHERE = 256;

/** Gets the end of a match (the offset behind it) and the length of the longest pattern that ends there. */
export type Found = (end: number, length: number) => void;

/**
 * Aho-Corasick over bytes: reports every place where a pattern ends, whatever the chunks. A state's first child is the next
 * state, so that a long pattern costs no table; the other children stand in a hash table. Patterns have 3 bytes or more.
 */
export class Automaton {
  /** Bit `third byte & 31` of the first two: may a pattern start so? */
  readonly #filter = new Uint32Array(1 << 16);
  readonly #branches = new Branches();
  #size = 1;
  /** The byte that leads to the next state. */
  #chain = new Int16Array(1 << 12).fill(NONE);
  #depth = new Int32Array(1 << 12);
  /** The longest pattern that ends in this state. */
  #longest = new Int32Array(1 << 12);
  #fail = new Int32Array(0);

  /** `limit`: states; more patterns than it takes throw REFUSED. */
  constructor(patterns: Iterable<Uint8Array>, limit = MAX_STATES) {
    // Both only while building.
    const parents: Growing = { parent: new Int32Array(1 << 12), byte: new Uint8Array(1 << 12) };
    for (const pattern of patterns) this.#insert(pattern, parents, limit);
    this.#chain = this.#chain.slice(0, this.#size);
    this.#depth = this.#depth.slice(0, this.#size);
    this.#longest = this.#longest.slice(0, this.#size);
    this.#link(parents);
  }

  get bytes(): number {
    return this.#filter.byteLength + this.#branches.bytes + this.#size * (2 + 4 + 4 + 4);
  }

  /** The state after `bytes[from..to)`. */
  scan(bytes: Uint8Array, from: number, to: number, state: number, found: Found): number {
    const [chain, depth, longest, fail, filter] = [this.#chain, this.#depth, this.#longest, this.#fail, this.#filter];
    let at = from;
    let now = state;
    while (at < to) {
      if (now === ROOT) {
        const last = to - 2;
        while (at < last && ((filter[(bytes[at]! << 8) | bytes[at + 1]!]! >>> (bytes[at + 2]! & 31)) & 1) === 0) at++;
      }
      const byte = bytes[at]!;
      let next = chain[now] === byte ? now + 1 : this.#branches.get(now, byte);
      const failed = next === ROOT && now !== ROOT;
      while (next === ROOT && now !== ROOT) {
        now = fail[now]!;
        next = chain[now] === byte ? now + 1 : this.#branches.get(now, byte);
      }
      now = next;
      at++;
      // Almost every byte starts some pattern, which the filter tells from three of them.
      const start = at - depth[now]!;
      if (failed && depth[now]! < 3 && start >= from && to - start >= 3) {
        at = start;
        now = ROOT;
      } else if (longest[now]! > 0) found(at, longest[now]!);
    }
    return now;
  }

  /** How many of the last bytes begin a pattern that is not complete. */
  pending(state: number): number {
    let at = state;
    while (at !== ROOT && this.#chain[at] === NONE) at = this.#fail[at]!;
    return this.#depth[at]!;
  }

  /** How many of the last bytes the state stands for. */
  depth(state: number): number {
    return this.#depth[state]!;
  }

  /** No state leads to the root: as a child it is none. */
  #child(state: number, byte: number): number {
    return this.#chain[state] === byte ? state + 1 : this.#branches.get(state, byte);
  }

  #step(state: number, byte: number): number {
    let at = state;
    let next = this.#child(at, byte);
    while (next === ROOT && at !== ROOT) {
      at = this.#fail[at]!;
      next = this.#child(at, byte);
    }
    return next;
  }

  #insert(pattern: Uint8Array, parents: Growing, limit: number): void {
    if (this.#size + pattern.length > limit)
      throw new DcsError('REFUSED', 'The values are too many or too long to mask: the matcher would need too much memory.', {
        why: 'Nothing was passed on.',
        hint: ['--only NAME ...     fewer names', '--except NAME     without the long one'],
      });
    this.#reserve(this.#size + pattern.length, parents);
    this.#filter[(pattern[0]! << 8) | pattern[1]!]! |= 1 << (pattern[2]! & 31);
    let at = ROOT;
    for (const byte of pattern) {
      let next = this.#child(at, byte);
      if (next === ROOT) {
        next = this.#size++;
        if (next === at + 1) this.#chain[at] = byte;
        else {
          if (this.#chain[at] === NONE) this.#chain[at] = ELSEWHERE;
          this.#branches.set(at, byte, next);
        }
        parents.parent[next] = at;
        parents.byte[next] = byte;
        this.#depth[next] = this.#depth[at]! + 1;
      }
      at = next;
    }
    this.#longest[at] = pattern.length;
  }

  #reserve(size: number, parents: Growing): void {
    if (size <= this.#chain.length) return;
    const length = size * 2;
    const chain = new Int16Array(length).fill(NONE);
    chain.set(this.#chain);
    this.#chain = chain;
    this.#depth = copy(new Int32Array(length), this.#depth);
    this.#longest = copy(new Int32Array(length), this.#longest);
    parents.parent = copy(new Int32Array(length), parents.parent);
    parents.byte = copy(new Uint8Array(length), parents.byte);
  }

  /** Where to go on when a byte does not fit: the longest end of what was read that begins a pattern. Shallow states first. */
  #link({ parent, byte }: Growing): void {
    const fail = (this.#fail = new Int32Array(this.#size));
    for (const state of byDepth(this.#depth)) {
      if (this.#depth[state]! > 1) fail[state] = this.#step(fail[parent[state]!]!, byte[state]!);
      this.#longest[state] ||= this.#longest[fail[state]!]!;
    }
  }
}

interface Growing {
  parent: Int32Array<ArrayBuffer>;
  byte: Uint8Array<ArrayBuffer>;
}

function copy<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}

/** All states but the root, by depth: a counting sort. */
function byDepth(depth: Int32Array): Int32Array {
  const counts = new Int32Array(depth.reduce((most, one) => Math.max(most, one), 0) + 1);
  for (const one of depth) counts[one]!++;
  let behind = 0;
  const next = counts.map((count) => (behind += count) - count);
  const order = new Int32Array(depth.length);
  depth.forEach((one, state) => (order[next[one]!++] = state));
  return order.subarray(1);
}

/** (state, byte) -> state, open addressing. Where no state stands, the slot is free. */
class Branches {
  #count = 0;
  #keys = new Int32Array(1 << 10);
  #values = new Int32Array(1 << 10);

  get bytes(): number {
    return this.#keys.byteLength * 2;
  }

  get(state: number, byte: number): number {
    return this.#values[this.#slot((state << 8) | byte)]!;
  }

  set(state: number, byte: number, next: number): void {
    if (++this.#count * 2 > this.#keys.length) this.#grow();
    this.#put((state << 8) | byte, next);
  }

  #put(key: number, next: number): void {
    const slot = this.#slot(key);
    this.#keys[slot] = key;
    this.#values[slot] = next;
  }

  #slot(key: number): number {
    const keys = this.#keys;
    const values = this.#values;
    const mask = keys.length - 1;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (values[slot] !== ROOT && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Int32Array(keys.length * 2);
    this.#values = new Int32Array(keys.length * 2);
    for (const [at, next] of values.entries()) if (next !== ROOT) this.#put(keys[at]!, next);
  }
}
