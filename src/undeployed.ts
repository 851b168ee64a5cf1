import { isDcsError } from 'dcs-sdk';
import type { Look } from './engine/look.ts';

/** Asks each target that can tell which code still runs with older values. One that cannot stops no other, and is not taken for live. */
export function withUndeployed(looks: readonly Look[]): Promise<Look[]> {
  return Promise.all(
    looks.map(async (look) => {
      const { target } = look.job;
      try {
        return target.undeployed === undefined ? look : { ...look, undeployed: await target.undeployed() };
      } catch (error) {
        if (!isDcsError(error) || error.code === 'INTERRUPTED') throw error;
        return { ...look, undeployed: [`what is not known: ${error.message}`] };
      }
    }),
  );
}

/** Whether `--redeploy` has something to do where nothing is written. A target that cannot tell is deployed anew. */
export const mayBeBehind = ({ job, undeployed }: Look): boolean =>
  job.target.redeploy !== undefined && (undeployed === undefined || undeployed.length > 0);
