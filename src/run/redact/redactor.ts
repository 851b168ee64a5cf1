import type { Automaton } from './automaton.ts';
import { follow, MAX_SEQUENCE, type Place } from './escapes.ts';

/** What stands for every value: nothing of it, its length or its name. */
export const MASK = Buffer.from('[redacted]');

/**
 * One stream's bytes with every match masked; the state of this stream alone.
 *
 * Bytes go out as soon as no value can begin in them. What may be the beginning of one waits for the byte that decides,
 * however long that takes: no timer lets half a value out. `end` lets out what is still waiting. Values that overlap become one mask.
 */
export interface Redactor {
  /** The answer may share the chunk's memory. */
  push(chunk: Uint8Array): Buffer;
  end(): Buffer;
}

/** A control sequence that stands in what is still waiting: offsets in the stream. */
interface Gap {
  readonly start: number;
  end: number;
}

export function redactor(automaton: Automaton): Redactor {
  return new Stream(automaton);
}

class Stream implements Redactor {
  readonly #automaton: Automaton;
  /** What may not go out yet, and where in the stream it begins. */
  #held: Buffer = Buffer.alloc(0);
  #base = 0;
  #state = 0;
  /** Behind the last byte that is masked. */
  #covered = 0;
  #matches: { start: number; end: number }[] = [];
  /** The same stream without control sequences: only while one stands among the bytes that decide. */
  #plain: Plain | undefined;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  push(chunk: Uint8Array): Buffer {
    const from = this.#base + this.#held.length;
    const before = this.#state;
    this.#state = this.#automaton.scan(chunk, 0, chunk.length, before, (end, length) => this.#found(from + end - length, from + end));
    this.#withoutSequences(chunk, from, before);
    this.#held = this.#held.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#held, chunk]);
    const end = from + chunk.length;
    const pending = end - this.#automaton.pending(this.#state);
    return this.#release(this.#plain === undefined ? pending : Math.min(pending, this.#plain.pending(end)));
  }

  end(): Buffer {
    return this.#release(this.#base + this.#held.length);
  }

  #found(start: number, end: number): void {
    this.#matches.push({ start, end });
  }

  /** `before`: the state at the chunk's first byte, the same with and without sequences as long as there are none. */
  #withoutSequences(chunk: Uint8Array, from: number, before: number): void {
    const found = (start: number, end: number): void => this.#found(start, end);
    let at = 0;
    if (this.#plain === undefined) {
      at = chunk.indexOf(0x1b);
      if (at === -1) return;
      const state = this.#automaton.scan(chunk, 0, at, before, () => {});
      this.#plain = new Plain(this.#automaton, state, found);
    }
    this.#plain.push(chunk, at, from);
    if (this.#plain.joins(from + chunk.length)) this.#plain = undefined;
  }

  /** Everything before `safe`, where the next match may begin at the earliest, goes out. */
  #release(safe: number): Buffer {
    this.#matches.sort((a, b) => a.start - b.start);
    const parts: Buffer[] = [];
    let at = this.#base;
    const copy = (to: number): void => {
      const start = Math.max(at, this.#covered);
      if (to > start) parts.push(this.#held.subarray(start - this.#base, to - this.#base));
      at = Math.max(at, to);
    };
    let taken = 0;
    for (const { start, end } of this.#matches) {
      if (start > safe) break;
      taken++;
      copy(start);
      if (start >= this.#covered) parts.push(MASK);
      this.#covered = Math.max(this.#covered, end);
    }
    this.#matches.splice(0, taken);
    copy(safe);
    const out = parts.length === 1 && parts[0]!.length === this.#held.length ? parts[0]! : Buffer.concat(parts);
    this.#held = Buffer.from(this.#held.subarray(safe - this.#base));
    this.#base = safe;
    return out;
  }
}

/** Follows the stream as a terminal shows it: sequences are not there, so a value with colours between its bytes is whole. */
class Plain {
  readonly #automaton: Automaton;
  readonly #found: (start: number, end: number) => void;
  #state: number;
  #place: Place = 'text';
  #gaps: Gap[] = [];

  constructor(automaton: Automaton, state: number, found: (start: number, end: number) => void) {
    this.#automaton = automaton;
    this.#state = state;
    this.#found = found;
  }

  /** `from`: where in the stream the chunk begins; its bytes before `at` were seen. */
  push(chunk: Uint8Array, at: number, from: number): void {
    let next = at;
    while (next < chunk.length) {
      next = this.#place === 'text' ? this.#text(chunk, next, from) : this.#sequence(chunk, next, from);
      if (next < chunk.length && this.#place === 'text' && chunk[next] === 0x1b) {
        this.#place = 'escape';
        this.#open(from + next++);
      }
    }
    this.#forget(from + chunk.length);
  }

  /** Where the match that may be under way begins in the stream. */
  pending(end: number): number {
    return this.#back(end, this.#automaton.pending(this.#state));
  }

  /** No sequence stands among the bytes that decide: with and without sequences the stream is the same from here on. */
  joins(end: number): boolean {
    return this.#place === 'text' && !this.#gaps.some((gap) => gap.end > this.#back(end, this.#automaton.depth(this.#state)));
  }

  #text(chunk: Uint8Array, at: number, from: number): number {
    const escape = chunk.indexOf(0x1b, at);
    const to = escape === -1 ? chunk.length : escape;
    this.#state = this.#automaton.scan(chunk, at, to, this.#state, (end, length) =>
      this.#found(this.#back(from + end, length), from + end),
    );
    return to;
  }

  #sequence(chunk: Uint8Array, at: number, from: number): number {
    let next = at;
    while (next < chunk.length && this.#place !== 'text') this.#place = follow(this.#place, chunk[next++]!);
    const gap = this.#gaps.at(-1)!;
    gap.end = from + next;
    // What is no sequence after all must neither hide text nor hold it back.
    if (gap.end - gap.start > MAX_SEQUENCE) {
      this.#place = 'text';
      this.#state = 0;
      this.#gaps = [];
    }
    return next;
  }

  /** Sequences side by side are one gap. */
  #open(at: number): void {
    const last = this.#gaps.at(-1);
    if (last?.end === at) last.end = at + 1;
    else this.#gaps.push({ start: at, end: at + 1 });
  }

  /** `length` shown bytes before `end`. */
  #back(end: number, length: number): number {
    let at = end;
    let left = length;
    for (const gap of this.#gaps.toReversed()) {
      if (left === 0 || at - gap.end >= left) break;
      left -= at - gap.end;
      at = gap.start;
    }
    return at - left;
  }

  #forget(end: number): void {
    const start = this.#back(end, this.#automaton.depth(this.#state));
    this.#gaps = this.#gaps.filter((gap) => gap.end > start || gap.end === end);
  }
}
