import { Args } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { allowedOf } from '../../webhook/allowed.ts';
import { placesOf } from '../../webhook/places.ts';
import { webUrl, yesFlag } from '../../webhook-command.ts';

export default class WebhookRemove extends DcsCommand {
  static override description = 'Delete the webhook with this URL in Doppler; with -e only take that environment away from it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://hooks.example.com/webhook',
    '<%= config.bin %> <%= command.id %> https://hooks.example.com/webhook -e staging --yes',
  ];
  static override args = { url: Args.string({ required: true, description: 'as dcs webhook list shows it' }) };
  static override flags = yesFlag;

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(WebhookRemove);
    const { href: url } = webUrl(args.url);
    const host = await this.host();
    const places = await placesOf(host, await allowedOf(host, flags.env));
    const found = places.flatMap((place) => place.webhooks.filter((webhook) => webhook.url === url).map((webhook) => ({ place, webhook })));
    if (found.length === 0)
      throw new DcsError('CONFIG', 'Doppler has no webhook with this URL.', { why: 'Nothing was written.', hint: 'dcs webhook list' });
    const question =
      flags.env === undefined ? `Delete the webhook to ${url} in Doppler?` : `Send nothing of ${flags.env} to ${url} any more?`;
    if (!(await host.confirm(question, '--yes'))) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    const gone = await Promise.all(
      found.map(async ({ place: { project, api, configs }, webhook: { id, configs: all } }) => {
        const whole = flags.env === undefined || all.every((config) => configs.includes(config));
        if (whole) await api.remove(id);
        else await api.change(id, { disable: configs });
        return { project, configs: whole ? all : configs, deleted: whole };
      }),
    );
    return this.out(
      gone.map(
        ({ project, configs, deleted }) => `- Doppler ${project}  ${configs.join(', ')} -> ${url}${deleted ? '' : '  (the webhook stays)'}`,
      ),
      { url, removed: gone },
    );
  }
}
