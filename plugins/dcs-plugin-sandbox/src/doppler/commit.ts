import type { Signed } from './gate.ts';
import type { Config, Log } from './state.ts';
import { transact } from './write.ts';

/** A change, and the webhooks that are told of it. */
export function commit(
  { world, courier }: Signed,
  config: Config,
  change: Parameters<typeof transact>[2],
  rollback = false,
): Log | undefined {
  const log = transact(world, config, change, rollback);
  if (log !== undefined) courier.announce(world, config, log);
  return log;
}
