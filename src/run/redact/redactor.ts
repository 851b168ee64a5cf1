import type { Automaton } from './automaton.ts';
import { ESC, follow, MAX_SEQUENCE, type Place } from './escapes.ts';

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
    return this.#release(this.#plain === undefined ? pending : Math.min(pending, this.#plain.pending));
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
      at = chunk.indexOf(ESC);
      if (at === -1) return;
      const state = this.#automaton.scan(chunk, 0, at, before, () => {});
      this.#plain = new Plain(this.#automaton, state, found);
    }
    this.#plain.push(chunk, at, from);
    if (this.#plain.joined) this.#plain = undefined;
  }

  /** Everything before `safe`, where the next match may begin at the earliest, goes out. */
  #release(safe: number): Buffer {
    this.#matches.sort((a, b) => a.start - b.start);
    const parts: Buffer[] = [];
    const copy = (to: number): void => {
      const start = Math.max(this.#base, this.#covered);
      if (to > start) parts.push(this.#held.subarray(start - this.#base, to - this.#base));
    };
    while ((this.#matches[0]?.start ?? Infinity) <= safe) {
      const { start, end } = this.#matches.shift()!;
      copy(start);
      if (start >= this.#covered) parts.push(MASK);
      this.#covered = Math.max(this.#covered, end);
    }
    copy(safe);
    const out = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
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
  /** Behind the last byte, in the stream. */
  #end = 0;

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
      if (chunk[next] !== ESC) continue;
      this.#place = 'escape';
      this.#gaps.push({ start: from + next, end: from + ++next });
    }
    this.#end = from + chunk.length;
    const start = this.#back(this.#end, this.#automaton.depth(this.#state));
    this.#gaps = this.#gaps.filter((gap) => gap.end >= start);
  }

  /** Where the match that may be under way begins in the stream. */
  get pending(): number {
    return this.#back(this.#end, this.#automaton.pending(this.#state));
  }

  /** No sequence stands among the bytes that decide: with and without sequences the stream is the same from here on. */
  get joined(): boolean {
    return this.#gaps.length === 0;
  }

  #text(chunk: Uint8Array, at: number, from: number): number {
    const escape = chunk.indexOf(ESC, at);
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

  /** `length` shown bytes before `end`. */
  #back(end: number, length: number): number {
    let at = end;
    let left = length;
    for (const gap of this.#gaps.toReversed()) {
      if (at - gap.end >= left) break;
      left -= at - gap.end;
      at = gap.start;
    }
    return at - left;
  }
}
