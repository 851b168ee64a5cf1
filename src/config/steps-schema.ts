import * as z from 'zod';
import { STEPS } from '../engine/transform/steps.ts';

const names = Object.entries(STEPS);

const bare = z.string().meta({
  id: 'step-or-chain',
  description: ['A step, or a chain of transforms.', ...names.map(([name, { about }]) => `${name}: ${about}`)].join('\n'),
  examples: names.filter(([, { argument }]) => argument === undefined).map(([name]) => name),
});
const withArgument = z
  .strictObject(
    Object.fromEntries(
      names.flatMap(([name, { about, argument }]) => (argument ? [[name, argument(z).optional().meta({ description: about })]] : [])),
    ),
  )
  .refine((step) => Object.keys(step).length === 1, 'must be one step: {name: argument}')
  .meta({ id: 'step-with-argument', minProperties: 1, maxProperties: 1 });

const one = z.union([bare, withArgument]).meta({ id: 'step' });

/** One step or a list of them, as dcs.yaml writes it. */
export const stepsSchema = z.union([bare, withArgument, z.array(one).min(1, 'must not be empty')]).meta({ id: 'steps' });
export type StepsConfig = z.infer<typeof stepsSchema>;
