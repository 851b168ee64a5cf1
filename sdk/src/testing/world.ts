import type { Target, TargetDefinition } from '../target.ts';

/**
 * What goes wrong from the next call on, for ever. `rate-limit`: 429 with `Retry-After: 0`. `error`: 500.
 * `reset-after-commit`: a write is applied and its connection breaks. `truncate`: a body ends too early.
 * `endless-paging`: every page names a next one.
 */
export type Fault = 'unauthorized' | 'rate-limit' | 'error' | 'reset-after-commit' | 'truncate' | 'endless-paging';

/** A cloud of its own for one law: an empty container, and a back door to it. Its targets should retry little and without waiting. */
export interface World {
  readonly target: Target;
  /** Connected to the same container with a signal that is aborted already. */
  readonly aborted: Target;
  /** False where the platform lists everything in one answer: `endless-paging` is not asked for then. */
  readonly paged: boolean;
  /** A second connection to the same container. */
  another(): Target;
  /** Connected to a container that does not exist. */
  missing(): Target;
  /** The value the platform holds, past the target. */
  peek(name: string): Promise<string | undefined>;
  /** Somebody else writes a name, past the target. */
  stranger(name: string, value: string): Promise<void>;
  /** Takes the place of the former fault; the back door stays open. */
  fault(kind: Fault): Promise<void>;
  /** Requests the platform got so far. */
  requests(): number;
  close(): Promise<void>;
}

export interface Contract {
  readonly definition: Pick<TargetDefinition<never>, 'type' | 'supports' | 'limits' | 'check'>;
  readonly fresh: () => Promise<World>;
}

/** The runner's own function: mocha's, vitest's or node:test's `it`. */
export type It = (title: string, body: () => Promise<void>) => unknown;

/** One sentence of the contract, and what proves it. */
export interface Law {
  readonly title: string;
  body(world: World, on: Ground): Promise<void>;
}

/** What the laws may assume of a platform, read from its definition only. */
export interface Ground {
  readonly definition: Contract['definition'];
  /** Changes that one `write()` takes. */
  readonly batch: number;
  /** `count` different names that the platform takes. */
  names(count: number): string[];
}
