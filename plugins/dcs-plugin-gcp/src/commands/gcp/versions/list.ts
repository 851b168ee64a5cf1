import { Args, Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { openGoogle } from '../../../api.ts';
import { chooseProject, namingOf } from '../../../choose.ts';
import { secretsApi } from '../../../secrets-api.ts';
import service from '../../../service.ts';
import { histories, type History } from '../../../versions.ts';

export default class VersionsList extends DcsCommand {
  static override description = 'List the versions of the secrets that dcs keeps in Secret Manager, newest first. Never a value.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e staging',
    '<%= config.bin %> <%= command.id %> STRIPE_KEY --project shop-4f2a1 --json',
  ];
  static override args = {
    name: Args.string({ multiple: true, description: 'a secret, by its id or by Doppler’s name; default: all that dcs keeps' }),
  };
  static override flags = {
    project: Flags.string({ helpValue: 'ID', description: 'the project; default: that of dcs.yaml in the environment' }),
    region: Flags.string({ helpValue: 'LOCATION', description: 'of regional secrets; default: that of dcs.yaml' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(VersionsList);
    const host = await this.host();
    const place = await chooseProject(host, true, flags);
    const api = secretsApi(openGoogle(host.context(service.title, service.endpoint(host.env))), place);
    const secrets = await histories(api, args.name ?? [], await namingOf(host, place));
    return this.out(secrets.length === 0 ? [`dcs keeps no secret in project ${place.project_id}.`] : lines(secrets), {
      project: place.project_id,
      secrets,
    });
  }
}

const lines = (secrets: readonly History[]): string[] =>
  secrets.map(
    ({ secret, versions }) =>
      `${secret}  ${versions.map(({ version, state }) => `${version}${state === 'ENABLED' ? '' : ` ${state.toLowerCase()}`}`).join(', ') || 'no version'}`,
  );
