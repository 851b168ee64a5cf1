import { failures } from './failures.ts';
import { groundOf } from './ground.ts';
import { listing } from './listing.ts';
import { traces } from './traces.ts';
import { writing } from './writing.ts';
import type { Contract, It } from './world.ts';

/**
 * The contract of a target, as tests: `describe('My Cloud', () => testTarget(it, { definition, fresh }))`. Each law gets a
 * world of its own. What does not apply is read from `supports`, `limits` and the entries, never from an option.
 */
export function testTarget(it: It, { definition, fresh }: Contract): void {
  const on = groundOf(definition);
  for (const law of [...listing, ...writing, ...traces(definition.supports), ...failures])
    it(law.title, async () => {
      const world = await fresh();
      try {
        await law.body(world, on);
      } finally {
        await world.close();
      }
    });
}
