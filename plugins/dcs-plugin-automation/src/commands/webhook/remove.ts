import { Args } from '@oclif/core';
import { DcsError, type DopplerWebhook } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { allowedOf } from '../../webhook/allowed.ts';
import { placesOf, type Place } from '../../webhook/places.ts';
import { webUrl, yesFlag } from '../../webhook-command.ts';

export default class WebhookRemove extends DcsCommand {
  static override description =
    'Take the configs that triggers of dcs.yaml name (-e: that one) away from the webhook with this URL in Doppler; where no other is left, delete it.';
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
    const found = places
      .flatMap((place) => place.webhooks.map((webhook) => ({ place, webhook, configs: mine(place, webhook) })))
      .filter(({ webhook, configs }) => webhook.url === url && (configs.length > 0 || webhook.configs.length === 0));
    if (found.length === 0)
      throw new DcsError('CONFIG', 'Doppler has no webhook with this URL for what triggers name.', {
        why: 'Nothing was written.',
        hint: 'dcs webhook list',
      });
    for (const { place, configs } of found) host.output.note(`Doppler ${place.project}: ${configs.join(', ')} -> ${url}, no more`);
    if (!(await host.confirm('Tell Doppler so?', '--yes'))) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    const gone = await Promise.all(
      found.map(async ({ place, webhook, configs }) => {
        const deleted = configs.length === webhook.configs.length;
        if (deleted) await place.api.remove(webhook.id);
        else await place.api.change(webhook.id, { disable: configs });
        return { project: place.project, configs, deleted };
      }),
    );
    return this.out(
      gone.map(
        ({ project, configs, deleted }) =>
          `- Doppler ${project}  ${configs.join(', ')} -> ${url}${deleted ? '' : '  (the webhook stays, for others)'}`,
      ),
      { url, removed: gone },
    );
  }
}

/** The others are of somebody else's dcs.yaml, or were set up by hand. */
const mine = ({ configs }: Place, webhook: DopplerWebhook): readonly string[] =>
  webhook.configs.filter((config) => configs.includes(config));
