import { isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { queueUrl } from '../../queue/open.ts';
import { ATTEMPTS } from '../../queue/queue.ts';
import { allowedOf, placeOf } from '../../webhook/allowed.ts';
import { signingKeys } from '../../webhook/keys.ts';
import { keyFlag, queueFlag } from '../../webhook-command.ts';

export default class WebhookInfo extends DcsCommand {
  static override description = 'Explain how Doppler reaches this project, and what is still missing. Asks no network.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --key-file /etc/dcs/webhook.key --json',
  ];
  static override flags = { ...keyFlag, ...queueFlag };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(WebhookInfo);
    const host = await this.host();
    const allowed = [...(await allowedOf(host, flags.env)).values()];
    const trusted = await host.trusted();
    const key = await keyState(() => signingKeys(host.env, flags['key-file']));
    const queue = queueUrl(host.env, flags.queue) === undefined ? 'file' : 'redis';
    const lines = [
      'Doppler tells the receiver which config changed: names, never values. A trigger of dcs.yaml says whether',
      'that starts a sync; the values are read from Doppler then. A replay finds nothing to do.',
      '',
      ...allowed.map(({ environment, project, config }) => `${placeOf(project, config)} -> dcs sync -e ${environment}`),
      '',
      key === 'set' ? '✓ signing key' : `✗ signing key  ${key}`,
      trusted ? '✓ dcs.yaml is trusted' : '✗ dcs.yaml is not trusted: dcs trust',
      queue === 'file'
        ? `✓ queue  a file of this machine; a failed run is tried ${ATTEMPTS} times`
        : `✓ queue  Redis, worked on by dcs webhook worker; a failed run is tried ${ATTEMPTS} times`,
      '',
      'Next  dcs webhook setup URL     Doppler knows where it is',
      '      dcs webhook serve         it listens',
      '      dcs webhook test URL      it works',
      '      dcs webhook handler       a receiver for express, Cloudflare, Firebase or Cloud Run instead',
    ];
    return this.out(lines, { triggers: allowed, key, trusted, queue });
  }
}

async function keyState(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return 'set';
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return error.message;
  }
}
