import { randomUUID } from 'node:crypto';
import { Args } from '@oclif/core';
import { DcsError, EXIT, type Host, isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { type Channel, channelsOf, variable } from '../../notify/channels.ts';
import { isHere, send } from '../../notify/deliver.ts';
import type { Notice } from '../../notify/notice.ts';

interface Tried {
  readonly channel: string;
  readonly type: Channel['type'];
  readonly arrived: boolean;
  /** The host that took it. */
  readonly at?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

const PATIENCE = 15_000;

export default class NotifyTest extends DcsCommand {
  static override description = `Send a message to the channels of notifications: in dcs.yaml, and say which took it.

Filters do not count, digests neither: it goes at once. At PagerDuty an incident of severity info opens, and is resolved.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ops',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override args = { channel: Args.string({ description: 'one channel of notifications:; default: all' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(NotifyTest);
    const host = await this.host();
    const channels = (await channelsOf(host)).filter(({ name }) => args.channel === undefined || name === args.channel);
    if (channels.length === 0)
      throw new DcsError(
        'CONFIG',
        args.channel === undefined ? 'dcs.yaml has no notifications.' : `notifications: of dcs.yaml has no ${args.channel}.`,
        { hint: `notifications: {${args.channel ?? 'ops'}: {type: slack}}     in dcs.yaml: see docs/notifications.md` },
      );
    const notice = await noticeOf(host);
    const tried = await Promise.all(channels.map((channel) => attempt(host, channel, notice)));
    const width = Math.max(...tried.map(({ channel }) => channel.length));
    const failed = tried.find(({ arrived }) => !arrived);
    if (failed?.error !== undefined) process.exitCode = EXIT[failed.error.code as keyof typeof EXIT];
    return this.out(
      tried.map(({ channel, type, arrived, at, error }) =>
        [channel.padEnd(width), type.padEnd(9), arrived ? `✓ arrived at ${at}` : `✗ ${error?.message}`].join('  '),
      ),
      { channels: tried },
    );
  }
}

async function noticeOf(host: Host): Promise<Notice> {
  const { name, doppler } = await host.environment();
  return {
    event: 'failed',
    trigger: 'test',
    project: doppler.project,
    environment: name,
    target: 'test',
    names: ['EXAMPLE_NAME'],
    message: 'This is a test. Nothing failed.',
  };
}

async function attempt(host: Host, channel: Channel, notice: Notice): Promise<Tried> {
  const { name, type } = channel;
  const notices: Notice[] = type === 'pagerduty' ? [notice, { ...notice, event: 'in-sync' }] : [notice];
  try {
    if (!isHere(host, channel)) throw new DcsError('CONFIG', `No variable ${variable(channel, '*')} is set.`);
    const at = await send(host, channel, notices, {
      signal: AbortSignal.timeout(PATIENCE),
      id: randomUUID(),
      arrived: () => undefined,
    });
    return { channel: name, type, arrived: true, at };
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return { channel: name, type, arrived: false, error: { code: error.code, message: error.message } };
  }
}
