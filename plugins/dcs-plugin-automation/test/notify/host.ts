import type { Host } from 'dcs-sdk';
import type { Notice } from '../../src/notify/notice.ts';

export type Channels = Record<string, Record<string, unknown>>;

/** What notifications need of a host. */
export function hostOf(channels: Channels, env: Record<string, string | undefined>, stateDir: string, notes: string[] = []): Host {
  return {
    env,
    root: '/srv/shop',
    stateDir,
    notifications: { channels, at: (path: readonly (string | number)[]) => `dcs.yaml (${path.join('.')})` },
    environments: async () => ['dev', 'staging', 'prod'].map((name) => ({ name })),
    output: { note: (line: string) => notes.push(line), data: () => undefined },
  } as unknown as Host;
}

export const notice = (more: Partial<Notice> = {}): Notice => ({
  event: 'failed',
  trigger: 'webhook',
  project: 'shop',
  environment: 'prod',
  target: 'api',
  names: ['STRIPE_KEY', 'JWT_SECRET'],
  code: 'TARGET',
  message: 'Cloudflare refused the value of STRIPE_KEY.',
  ...more,
});
