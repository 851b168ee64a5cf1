import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { openGoogle } from '../../../api.ts';
import { chooseProject, namingOf } from '../../../choose.ts';
import { vendorPace } from '../../../pace.ts';
import { secretsApi } from '../../../secrets-api.ts';
import service from '../../../service.ts';
import { histories, prunable, prune } from '../../../versions.ts';

export default class VersionsPrune extends DcsCommand {
  static override description =
    'Disable old versions of the secrets that dcs keeps; with --destroy, destroy disabled ones for ever.\n\nThe newest version of a secret is never touched. A disabled version can be enabled again; what pins it fails until then, so look at what is deployed first.';
  static override examples = [
    { description: 'Disable all but the newest three', command: '<%= config.bin %> <%= command.id %> --keep 3 -e staging' },
    {
      description: 'A week later: destroy what is disabled',
      command: '<%= config.bin %> <%= command.id %> --keep 3 --destroy -e staging --yes',
    },
  ];
  static override args = {
    name: Args.string({ multiple: true, description: 'a secret, by its id or by Doppler’s name; default: all that dcs keeps' }),
  };
  static override flags = {
    keep: Flags.integer({ min: 1, helpValue: 'N', description: 'newest versions to leave; default: keep_versions of dcs.yaml' }),
    destroy: Flags.boolean({ description: 'destroy disabled versions, which cannot be undone' }),
    project: Flags.string({ helpValue: 'ID', description: 'the project; default: that of dcs.yaml in the environment' }),
    region: Flags.string({ helpValue: 'LOCATION', description: 'of regional secrets; default: that of dcs.yaml' }),
    yes: Flags.boolean({ char: 'y', description: 'do it without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(VersionsPrune);
    const host = await this.host();
    const place = await chooseProject(host, true, flags);
    const naming = await namingOf(host, place);
    const keep = flags.keep ?? naming.keep_versions;
    if (keep === undefined)
      throw new DcsError('USAGE', 'How many versions shall stay?', { hint: '--keep 3, or keep_versions in dcs.yaml' });
    const api = secretsApi(openGoogle(host.context(service.title, service.endpoint(host.env))), place);
    const chosen = (await histories(api, args.name ?? [], naming)).flatMap((history) => prunable(history, keep, flags.destroy));
    for (const { secret, version } of chosen) host.output.note(`  - ${secret}  version ${version}`);
    const done = await prune(api, vendorPace, host, place.project_id, chosen, flags.destroy);
    if (done === null) throw new DcsError('REFUSED', 'You said no.', { why: 'Every version is as it was.' });
    const verb = flags.destroy ? 'destroyed' : 'disabled';
    return this.out([done.length === 0 ? 'Nothing to prune.' : `${done.length} versions ${verb}.`], {
      project: place.project_id,
      [verb]: done,
    });
  }
}
