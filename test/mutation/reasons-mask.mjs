/** Why a mutant of the mask does the same as its source; see reasons.mjs. */
export const OF_THE_MASK = [
  ...['this.#chain', 'this.#depth', 'this.#longest'].map((array) => ({
    file: 'src/run/redact/automaton.ts',
    line: `${array} = ${array}.slice(0, this.#size);`,
    mutants: [[`${array}.slice(0, this.#size)`, array]],
    why: 'memory: gives back what was not needed',
  })),
  {
    file: 'src/run/redact/automaton.ts',
    line: 'if (now === ROOT) {',
    mutants: [
      ['now === ROOT', 'false'],
      ['{ const last = to - 2; while (at < last && ((filter[(bytes[at]! << 8) | bytes[at + 1]!]! >…', '{}'],
    ],
    why: 'speed: no pattern begins in the bytes that are skipped',
  },
  {
    file: 'src/run/redact/automaton.ts',
    line: 'while (at < last && ((filter[(bytes[at]! << 8) | bytes[at + 1]!]! >>> (bytes[at + 2]! & 31)) & 1) === 0) at++;',
    mutants: [['at < last && ((filter[(bytes[at]! << 8) | bytes[at + 1]!]! >>> (bytes[at + 2]! & 31)) & 1)…', 'false']],
    why: 'speed: no pattern begins in the bytes that are skipped',
  },
  {
    file: 'src/run/redact/automaton.ts',
    line: 'const failed = next === ROOT && now !== ROOT;',
    mutants: [
      ['next === ROOT && now !== ROOT', 'false'],
      ['now !== ROOT', 'true'],
      ['now !== ROOT', 'now === ROOT'],
    ],
    why: 'speed: tells only where the filter is asked again',
  },
  {
    file: 'src/run/redact/automaton.ts',
    line: 'if (failed && depth[now]! < 3 && start >= from && to - start >= 3) {',
    mutants: [
      ['failed && depth[now]! < 3 && start >= from && to - start >= 3', 'false'],
      ['depth[now]! < 3', 'true'],
      ['depth[now]! < 3', 'depth[now]! <= 3'],
      ['depth[now]! < 3', 'depth[now]! >= 3'],
      ['start >= from', 'start > from'],
      ['to - start >= 3', 'true'],
      ['to - start >= 3', 'to - start > 3'],
      ['to - start >= 3', 'to - start < 3'],
      ['to - start', 'to + start'],
      ['{ at = start; now = ROOT; }', '{}'],
    ],
    why: 'speed: who goes back to where the state began, within this chunk, comes to the same state, and what is found twice is masked once',
  },
  {
    file: 'src/run/redact/automaton.ts',
    line: 'if (size <= this.#chain.length) return;',
    mutants: [['size <= this.#chain.length', 'size < this.#chain.length']],
    why: 'memory: makes room one state earlier',
  },
  {
    file: 'src/run/redact/automaton.ts',
    line: 'while (values[slot] !== ROOT && keys[slot] !== key) slot = (slot + 1) & mask;',
    mutants: [['slot + 1', 'slot - 1']],
    why: 'the other direction finds every free slot as well',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'this.#held = this.#held.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#held, chunk]);',
    mutants: [['this.#held.length === 0', 'false']],
    why: 'speed: saves a copy',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'if (this.#plain.joined) this.#plain = undefined;',
    mutants: [['this.#plain.joined', 'false']],
    why: 'speed: the stream is followed twice for longer, and both find the same',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'if (to > start) parts.push(this.#held.subarray(start - this.#base, to - this.#base));',
    mutants: [
      ['to > start', 'true'],
      ['to > start', 'to >= start'],
    ],
    why: 'an empty part changes nothing',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'const out = parts.length === 1 ? parts[0]! : Buffer.concat(parts);',
    mutants: [['parts.length === 1', 'false']],
    why: 'speed: saves a copy',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'this.#gaps = this.#gaps.filter((gap) => gap.end >= start);',
    mutants: [
      ['this.#gaps.filter((gap) => gap.end >= start)', 'this.#gaps'],
      ['gap.end >= start', 'true'],
    ],
    why: 'memory: gaps before all that may still match are not looked at',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'get joined(): boolean {',
    mutants: [['{ return this.#gaps.length === 0; }', '{}']],
    why: 'speed: the stream is followed twice for longer, and both find the same',
  },
  {
    file: 'src/run/redact/redactor.ts',
    line: 'return this.#gaps.length === 0;',
    mutants: [['this.#gaps.length === 0', 'false']],
    why: 'speed: the stream is followed twice for longer, and both find the same',
  },
];
