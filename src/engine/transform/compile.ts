import { Secret } from 'dcs-sdk';
import { TransformError, Unfit } from './error.ts';
import { actOf, type Step } from './steps.ts';

/** A step and its number as people count: `2`, or `1.2` inside a chain. */
export interface NumberedStep {
  readonly at: string;
  readonly step: Step;
}

/** Doppler's names and what is done to their values; a name that is not here keeps its value. Chains are unfolded. */
export type TransformRules = ReadonlyMap<string, readonly NumberedStep[]>;

/** What one target does to values. */
export interface Transforms {
  readonly rules: TransformRules;
  /** `name` is Doppler's. Throws TransformError, which names the step and never the value. */
  apply(name: string, secret: Secret): Secret;
}

/** Loads what the steps need, once; applying them does no I/O. */
export async function compileTransforms(rules: TransformRules): Promise<Transforms> {
  const compiled = new Map(
    await Promise.all(
      [...rules].map(async ([name, steps]) => {
        const acts = await Promise.all(steps.map(async ({ at, step }) => ({ at, name: step.step, act: await actOf(step) })));
        return [name, acts] as const;
      }),
    ),
  );
  return {
    rules,
    apply(name, secret) {
      const acts = compiled.get(name);
      if (!acts) return secret;
      let value = secret.reveal();
      for (const { at, name: step, act } of acts)
        try {
          value = act(value);
        } catch (error) {
          throw error instanceof Unfit ? new TransformError(name, at, step, error) : error;
        }
      return new Secret(value);
    },
  };
}
