import type { Look } from './engine/look.ts';

/** Asks each target that can tell which code still runs with older values. */
export function withUndeployed(looks: readonly Look[]): Promise<Look[]> {
  return Promise.all(
    looks.map(async (look) => {
      const { target } = look.job;
      return target.undeployed === undefined ? look : { ...look, undeployed: await target.undeployed() };
    }),
  );
}
