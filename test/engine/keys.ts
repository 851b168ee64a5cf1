import { ownKey } from '../../src/engine/key.ts';
import type { LedgerKeys } from '../../src/engine/ledger-types.ts';

/** This machine's key and no other. */
export async function ownKeys(stateDir: string, environmentId: string): Promise<LedgerKeys> {
  const active = await ownKey(stateDir, environmentId);
  return { active, all: [active] };
}
