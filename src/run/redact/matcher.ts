import { Transform } from 'node:stream';
import type { Secret } from 'dcs-sdk';
import { Automaton } from './automaton.ts';
import { formsOf, textsOf } from './forms.ts';
import { redactor, type Redactor } from './redactor.ts';

/** Shorter values would be masked in every second word. */
const MIN_VALUE = 3;

/** What masks the values of some secrets, in any number of streams. */
export interface Matcher {
  /** Names whose value is too short to mask. */
  readonly skipped: readonly string[];
  /** What it takes of memory. */
  readonly bytes: number;
  /** One for each stream. */
  stream(): Redactor;
}

/** Throws REFUSED when the values would take too much memory: then nothing may be passed on. */
export function compileMatcher(secrets: ReadonlyMap<string, Secret>): Matcher {
  const { values, skipped } = maskable(secrets);
  const automaton = new Automaton(patterns(values));
  return {
    skipped,
    bytes: automaton.bytes,
    stream: () => redactor(automaton),
  };
}

/** Names the values that stay as they are; undefined where there are none. */
export function skippedLine({ skipped }: Pick<Matcher, 'skipped'>): string | undefined {
  return skipped.length === 0 ? undefined : `! ${skipped.join(', ')} not masked: values of one or two characters`;
}

/** The redactor as a part of a pipeline. */
export function redactStream(redact: Redactor): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      done(null, redact.push(chunk));
    },
    flush(done) {
      done(null, redact.end());
    },
  });
}

/** What registers the values, and each of their lines, with GitHub's runner. Holds the values: for that runner's eyes alone. */
export function workflowMasks(secrets: ReadonlyMap<string, Secret>): {
  readonly lines: readonly string[];
  readonly skipped: readonly string[];
} {
  const { values, skipped } = maskable(secrets);
  // https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands (last verified 2026-11-21); the runner
  // unescapes these three and no other.
  const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const texts = new Set([...values].flatMap((value) => [...textsOf(value)]));
  return { lines: [...texts].map((text) => `::add-mask::${escaped(text)}`), skipped };
}

function maskable(secrets: ReadonlyMap<string, Secret>): { readonly values: ReadonlySet<string>; readonly skipped: readonly string[] } {
  const values = new Set<string>();
  const skipped: string[] = [];
  for (const [name, secret] of secrets) {
    const value = secret.reveal();
    if (Array.from(value.trim()).length < MIN_VALUE) skipped.push(name);
    else values.add(value);
  }
  return { values, skipped };
}

function* patterns(values: Iterable<string>): Iterable<Buffer> {
  for (const value of values) yield* formsOf(value);
}
