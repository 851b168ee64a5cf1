import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { queueUrl } from '../../queue/open.ts';
import { logLine } from '../../webhook/log.ts';
import { interrupted } from '../../interrupted.ts';
import { openStage } from '../../webhook/stage.ts';
import { queueFlag } from '../../webhook-command.ts';

export default class WebhookWorker extends DcsCommand {
  static override description = `Sync what receivers put into the Redis of DCS_QUEUE_URL, on as many machines as wanted.

One environment is written by one machine at a time. Each needs the same dcs.yaml, and a record that all of them see (ledger: doppler). A machine that dies loses its run to another one within half a minute. Logs as dcs webhook serve does.`;
  static override examples = [
    'DCS_QUEUE_URL=rediss://:password@queue.internal:6379 <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --queue redis://127.0.0.1:6379',
  ];
  static override enableJsonFlag = false;
  static override flags = queueFlag;

  async run(): Promise<void> {
    const { flags } = await this.parse(WebhookWorker);
    const host = await this.host();
    if (queueUrl(host.env, flags.queue) === undefined)
      throw new DcsError('USAGE', 'A worker needs the queue of its receivers.', {
        why: 'Without one dcs webhook serve does the work itself.',
        hint: 'DCS_QUEUE_URL=redis://HOST:6379',
      });
    const signal = interrupted();
    const stage = await openStage(host, flags);
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      await stage.work();
      logLine('working', { configs: [...stage.allowed.keys()] });
      await ended;
      logLine('stopping');
    } finally {
      await stage.close();
    }
    logLine('stopped');
  }
}
