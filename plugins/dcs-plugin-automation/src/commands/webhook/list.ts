import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { deadLettersOf, queueUrl } from '../../queue/open.ts';
import { allowedOf, projectOf } from '../../webhook/allowed.ts';
import { logLine } from '../../webhook/log.ts';
import { placesOf } from '../../webhook/places.ts';
import { queueFlag } from '../../webhook-command.ts';

export default class WebhookList extends DcsCommand {
  static override description = `List Doppler's webhooks of the projects that triggers name, or with --dead what the receiver gave up.

A dead letter goes away with the next run for its environment that works.`;
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --dead --json'];
  static override flags = {
    dead: Flags.boolean({ description: 'runs that were tried in vain; asks no network but that of a Redis queue' }),
    ...queueFlag,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(WebhookList);
    if (flags.queue !== undefined && !flags.dead)
      throw new DcsError('USAGE', '--queue is where dead letters are: it goes with --dead.', { hint: 'dcs webhook list --dead' });
    const host = await this.host();
    const allowed = await allowedOf(host, flags.env);
    if (flags.dead) {
      const url = queueUrl(host.env, flags.queue);
      const all = await deadLettersOf({ stateDir: host.stateDir, root: host.root, project: projectOf(allowed), url, log: logLine });
      const letters =
        flags.env === undefined
          ? all
          : all.filter(({ environment }) => [...allowed.values()].some((one) => one.environment === environment));
      const lines = letters.flatMap(({ environment, at, attempts, exit, why }) => [
        `✗ ${environment}  ${at}  given up after ${attempts}, exit ${exit}`,
        `  ${why}`,
        `  Try  dcs sync -e ${environment}`,
      ]);
      return this.out(lines.length === 0 ? ['Nothing was given up.'] : lines, { dead: letters });
    }
    const places = await placesOf(host, allowed);
    const rows = places.flatMap(({ project, webhooks }) => webhooks.map((webhook) => ({ project, ...webhook })));
    const lines = rows.map(
      ({ project, url, enabled, configs }) =>
        `${url}  ${enabled ? 'on' : 'off'}  ${configs.map((config) => `${project}/${config}`).join(', ')}`,
    );
    return this.out(lines.length === 0 ? ['Doppler has no webhook there.', 'Next  dcs webhook setup URL'] : lines, { webhooks: rows });
  }
}
