import type { Held } from 'dcs-sdk';

/** Its transform failed: what the target shall hold is not known. */
export interface Untransformed {
  readonly state: 'untransformed';
  /** The step and what does not fit it; never the value. */
  readonly reason: string;
}

/** One name as the target shall hold it. */
export interface Wanted {
  readonly name: string;
  /** The source's name for it. */
  readonly from: string;
  readonly held: Held | Untransformed;
  /** Why it cannot live there. */
  readonly limit?: string;
}

/** The source, shaped for one target. */
export interface Desired {
  readonly names: ReadonlyMap<string, Wanted>;
}
