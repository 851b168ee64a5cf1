import { setTimeout as sleep } from 'node:timers/promises';
import { Args, Flags } from '@oclif/core';
import { DcsError, isLoopback, type DopplerWebhook, type Secret } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { forgetOlder, makeKey, REREAD, signingKeys } from '../../webhook/keys.ts';
import { allowedOf } from '../../webhook/allowed.ts';
import { placesOf, type Place } from '../../webhook/places.ts';
import { keyFlag, webUrl, yesFlag } from '../../webhook-command.ts';

export default class WebhookSetup extends DcsCommand {
  static override description = `Tell Doppler where the receiver is, for the configs that triggers of dcs.yaml name.

Makes the webhook, or mends the one with this URL: its configs and its signing key, and turns it on. --key-file makes the key where there is none; --rotate a new one, and the receiver takes the old one too until the next rotation.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://hooks.example.com/webhook --key-file /etc/dcs/webhook.key',
    '<%= config.bin %> <%= command.id %> https://hooks.example.com/webhook --key-file /etc/dcs/webhook.key --rotate --yes',
    'DOPPLER_WEBHOOK_SECRET="$(cat key)" <%= config.bin %> <%= command.id %> https://hooks.example.com/webhook -e staging',
  ];
  static override args = { url: Args.string({ required: true, description: 'where Doppler reaches the receiver, path and all' }) };
  static override flags = {
    ...keyFlag,
    rotate: Flags.boolean({ dependsOn: ['key-file'], description: 'a new key' }),
    ...yesFlag,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(WebhookSetup);
    const receiver = webUrl(args.url);
    if (receiver.protocol !== 'https:' && !isLoopback(receiver))
      throw new DcsError('USAGE', 'Doppler tells receivers with https only.', {
        why: 'Nothing was written.',
        hint: `https://${receiver.host}/...`,
      });
    const { href: url } = receiver;
    const host = await this.host();
    const allowed = await allowedOf(host, flags.env);
    for (const [project, own] of Map.groupBy(allowed.values(), (one) => one.project))
      host.output.note(`Doppler ${project}: ${own.map(({ config }) => config).join(', ')} -> ${url}`);
    if (!(await host.confirm('Tell Doppler so?', '--yes'))) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    const file = flags['key-file'];
    const done: { project: string; webhook: DopplerWebhook; created: boolean }[] = [];
    // Of two at once one would give Doppler a key that the file of the other does not have.
    const lock = await host.alone('dcs webhook setup');
    let made = false;
    try {
      const places = await placesOf(host, allowed);
      const found = file === undefined ? undefined : await makeKey(file, flags.rotate);
      made = found?.made ?? false;
      if (made) host.output.note(`+ ${file}  the signing key; it stays on this machine and in Doppler`);
      // A receiver that runs knows it before the first event is signed with it.
      if (made && flags.rotate) await sleep(1.25 * REREAD);
      const key = found?.key ?? (await signingKeys(host.env, undefined))[0];
      // One after the other: what the first one refuses, the next one is not asked.
      for (const place of places) done.push({ project: place.project, ...(await setUp(place, url, key)) });
      if (file !== undefined) await forgetOlder(file);
    } finally {
      await lock.release();
    }
    return this.out(
      [
        ...done.map(
          ({ project, webhook, created }) => `${created ? '+' : '~'} Doppler ${project}  ${webhook.configs.join(', ')} -> ${webhook.url}`,
        ),
        `Next  dcs webhook serve${file === undefined ? '' : ` --key-file ${file}`}, then dcs webhook test ${url}`,
      ],
      { keyMade: made, webhooks: done.map(({ project, webhook, created }) => ({ project, ...webhook, created })) },
    );
  }
}

async function setUp(
  { api, webhooks, configs }: Place,
  url: string,
  secret: Secret,
): Promise<{ webhook: DopplerWebhook; created: boolean }> {
  const found = webhooks.find((webhook) => webhook.url === url);
  if (found === undefined) return { webhook: await api.create({ url, secret, configs }), created: true };
  const enable = configs.filter((config) => !found.configs.includes(config));
  const webhook = await api.change(found.id, { secret, enable });
  return { webhook: webhook.enabled ? webhook : await api.turnOn(found.id), created: false };
}
