import type { Held } from 'dcs-sdk';

/** One name as the target shall hold it. */
export interface Wanted {
  readonly name: string;
  /** The source's name for it. */
  readonly from: string;
  readonly held: Held;
  /** Why it cannot live there. */
  readonly limit?: string;
}

/** The source, shaped for one target. */
export interface Desired {
  readonly names: ReadonlyMap<string, Wanted>;
}
