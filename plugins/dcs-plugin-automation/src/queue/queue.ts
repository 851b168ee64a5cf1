/** One environment to be brought up to date. */
export interface Run {
  readonly environment: string;
  /** From 1. */
  readonly attempt: number;
}

/** `dead` and `retry`: why, as an exit code of dcs and one sentence without a value. */
export type Verdict =
  | { readonly result: 'done' }
  /** It was ended from outside: it runs again, and this attempt does not count. */
  | { readonly result: 'cut off' }
  /** `lasting`: another try would end the same way. */
  | { readonly result: 'failed'; readonly exit: number; readonly why: string; readonly lasting: boolean };

export type Perform = (run: Run, signal: AbortSignal) => Promise<Verdict>;

/** What was tried in vain; the next success for the environment removes it. */
export interface DeadLetter {
  readonly environment: string;
  readonly attempts: number;
  readonly exit: number;
  readonly why: string;
  /** ISO. */
  readonly at: string;
}

export interface Counts {
  readonly queued: number;
  readonly running: number;
  readonly dead: number;
}

/**
 * Runs to be made, at most one running and one waiting for each environment: events that come while one waits are that one. What was
 * added is never lost: not by a crash, and not by a failure before it was tried ATTEMPTS times.
 */
export interface Queue {
  /** Durable once it resolves. Rejects when it cannot be. */
  add(environment: string): Promise<'queued' | 'coalesced'>;
  /** Takes runs from now on, of these environments only. `told`: of each attempt's end; `dead` where it was the last. */
  work(
    environments: readonly string[],
    perform: Perform,
    told: (run: Run, verdict: Verdict, dead: boolean) => Promise<void>,
  ): Promise<void>;
  deadLetters(): Promise<readonly DeadLetter[]>;
  counts(): Promise<Counts>;
  /** Takes no further run, gives the running ones `grace` ms, then ends them: they run again after the next start. */
  close(grace: number): Promise<void>;
}

export const ATTEMPTS = 8;
/** Events of one burst come within this, ms. */
export const SETTLE = 500;

/** What to wait before the attempt after this one, ms: 5 s, doubled, at most 5 minutes. */
export const backoff = (attempt: number): number => Math.min(5000 * 2 ** (attempt - 1), 300_000);
