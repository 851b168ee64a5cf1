import { Flags } from '@oclif/core';
import { isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { hangUp, listen } from '../../webhook/listen.ts';
import { watchedKeys } from '../../webhook/keys.ts';
import { logLine } from '../../webhook/log.ts';
import { createReceiver } from '../../webhook/receiver.ts';
import { interrupted } from '../../interrupted.ts';
import { openStage } from '../../webhook/stage.ts';
import { keyFlag, queueFlag } from '../../webhook-command.ts';

export default class WebhookServe extends DcsCommand {
  static override description = `Receive Doppler's webhook and sync what it tells of.

Answers POST /webhook with 202 once the event is on disk, and then runs dcs sync -e ENV --trigger webhook for what a trigger of dcs.yaml names; the values are read from Doppler. Also GET /health, /ready and /metrics (Prometheus). Listens on 127.0.0.1 behind your reverse proxy. Logs one JSON object a line on stderr. With a Redis as queue it only receives: dcs webhook worker does the rest.`;
  static override examples = [
    'DOPPLER_WEBHOOK_SECRET="$(cat key)" <%= config.bin %> <%= command.id %> -p 8080',
    '<%= config.bin %> <%= command.id %> -p 8080 --key-file /etc/dcs/webhook.key --bind 0.0.0.0',
    'DCS_QUEUE_URL=rediss://:password@queue.internal:6379 <%= config.bin %> <%= command.id %> -p 8080',
  ];
  // It answers no question: it logs.
  static override enableJsonFlag = false;
  static override flags = {
    port: Flags.integer({ char: 'p', min: 0, max: 65_535, default: 8080, env: 'DCS_WEBHOOK_PORT', description: 'port; 0: any free one' }),
    bind: Flags.string({ helpValue: 'ADDRESS', default: '127.0.0.1', env: 'DCS_WEBHOOK_BIND', description: 'address to listen on' }),
    ...keyFlag,
    ...queueFlag,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WebhookServe);
    const host = await this.host();
    const keys = await watchedKeys(host.env, flags['key-file'], (error) =>
      logLine('key file', { why: isDcsError(error) ? error.message : 'unexpected' }),
    );
    const signal = interrupted();
    const stage = await openStage(host, flags);
    const server = createReceiver({ ...stage, keys, log: logLine, ready: () => !signal.aborted });
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      const port = await listen(server, flags.port, flags.bind);
      if (!stage.shared) await stage.work();
      logLine('listening', { address: flags.bind, port, configs: [...stage.allowed.keys()], queue: stage.shared ? 'redis' : 'file' });
      await ended;
      logLine('stopping');
      await hangUp(server);
    } finally {
      await stage.close();
    }
    logLine('stopped');
  }
}
