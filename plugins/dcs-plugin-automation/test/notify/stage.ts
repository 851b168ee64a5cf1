import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../../dcs-plugin-sandbox/src/server/server.ts';
import { hostOf, type Channels } from './host.ts';

/** A sandbox that receives, and a host whose variables lead to it. */
export async function stage(channels: Channels, env: Record<string, string | undefined> = {}) {
  const sandbox = await startSandbox();
  const stateDir = mkdtempSync(join(tmpdir(), 'dcs-notify-'));
  const notes: string[] = [];
  const host = hostOf(channels, { ...sandbox.env, ...env }, stateDir, notes);
  return {
    sandbox,
    host,
    notes,
    stateDir,
    /** What the receiving side kept. */
    async kept(name: 'slack' | 'pagerduty' | 'inbox' | 'mail'): Promise<Record<string, unknown>[]> {
      return (await (await fetch(`${sandbox.origin}/_sandbox/${name}`)).json()) as Record<string, unknown>[];
    },
    async fault(fault: object): Promise<void> {
      const answer = await fetch(`${sandbox.origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    calls: (cloud: string) =>
      sandbox.journal
        .entries()
        .filter((entry) => entry.cloud === cloud)
        .map(({ status }) => status),
  };
}

export type Stage = Awaited<ReturnType<typeof stage>>;
