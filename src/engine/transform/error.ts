import { DcsError } from 'dcs-sdk';

/** A value that a step cannot work on. `reason` is a fixed sentence or speaks of dcs.yaml; it never quotes the value. */
export class Unfit extends Error {}

/** One secret that its steps in dcs.yaml do not fit. Holds names and step numbers, never a value. */
export class TransformError extends DcsError {
  /** `transform step 2 (json): the value is not JSON` */
  readonly reason: string;

  /** `at` counts from 1; `1.2` is the second step of the chain that stands first. */
  constructor(secret: string, at: string, step: string, unfit: Unfit) {
    const reason = `transform step ${at} (${step}): ${unfit.message}`;
    super('CONFIG', `${secret}: ${reason}.`, { hint: 'change the value in Doppler, or transform: in dcs.yaml' });
    this.reason = reason;
  }
}
