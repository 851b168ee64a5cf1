import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { signingKeys } from '../../webhook/keys.ts';
import { allowedOf, placeOf } from '../../webhook/allowed.ts';
import { probe } from '../../webhook/probe.ts';
import { keyFlag, webUrl } from '../../webhook-command.ts';

export default class WebhookTest extends DcsCommand {
  static override description = `Send the receiver an event as Doppler signs it, and one that nobody signed.

The signed one names an environment of a trigger (-e chooses), so a sync of it follows: of nothing, where nothing changed.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --key-file /etc/dcs/webhook.key',
    '<%= config.bin %> <%= command.id %> https://hooks.example.com/webhook -e staging --key-file /etc/dcs/webhook.key',
  ];
  static override args = { url: Args.string({ default: 'http://127.0.0.1:8080/webhook', description: 'where the receiver is' }) };
  static override flags = keyFlag;

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(WebhookTest);
    const url = webUrl(args.url);
    const host = await this.host();
    const [key] = await signingKeys(host.env, flags['key-file']);
    const [first] = (await allowedOf(host, flags.env)).values();
    const { unsigned, signed } = await probe(host, url, key, first!);
    return this.out(
      [`✓ refuses an unsigned event (${unsigned})`, `✓ takes a signed one of ${placeOf(first!.project, first!.config)} (${signed})`],
      { url: url.href, environment: first!.environment, unsigned, signed },
    );
  }
}
