import { Flags } from '@oclif/core';
import { DcsError, type Host } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { openGoogle } from '../../api.ts';
import { chooseProject } from '../../choose.ts';
import { enableApis, federation, grantAccess, roles, type Provisioned } from '../../provision.ts';
import service from '../../service.ts';

export default class ProvisionGcp extends DcsCommand {
  static override description =
    'Prepare a Google Cloud project: link it in dcs.yaml, enable the APIs, let accounts read the secrets.\n\nPrints the roles that dcs needs. Secrets themselves are made by dcs sync. Running it again changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --project shop-4f2a1',
    {
      description: 'Let the account that the code runs as read what dcs keeps',
      command: '<%= config.bin %> <%= command.id %> --accessor shop-run@shop-4f2a1.iam.gserviceaccount.com --yes',
    },
    { description: 'How GitHub Actions sign in without a key', command: '<%= config.bin %> <%= command.id %> --github acme/shop' },
  ];
  static override flags = {
    project: Flags.string({ helpValue: 'ID', description: 'the project; default: that of dcs.yaml, else of the environment or gcloud' }),
    region: Flags.string({ helpValue: 'LOCATION', description: 'of regional secrets; default: that of dcs.yaml' }),
    accessor: Flags.string({
      helpValue: 'EMAIL',
      multiple: true,
      multipleNonGreedy: true,
      description: 'let this service account read the secrets that dcs keeps',
    }),
    github: Flags.string({ helpValue: 'OWNER/REPO', description: 'print how this repository’s workflows sign in without a key' }),
    yes: Flags.boolean({ char: 'y', description: 'link, enable and grant without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ProvisionGcp);
    if (flags.github !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(flags.github))
      throw new DcsError('USAGE', '--github takes OWNER/REPO.', { hint: '--github acme/shop' });
    const host = await this.host();
    const place = await chooseProject(host, this.invocation().env !== undefined, flags);
    const { project_id } = place;
    const linked = await link(host, project_id);
    const context = host.context(service.title, service.endpoint(host.env));
    const google = openGoogle(context);
    const runs = (await host.targets(['gcp-run'])).length > 0;
    const apis = ['secretmanager', ...(runs ? ['run', 'cloudfunctions'] : [])];
    const { enabled, disabled } = await enableApis(google, host, project_id, apis, context.signal);
    const granted = await grantAccess(
      google,
      host,
      place,
      (flags.accessor ?? []).map((email) => `serviceAccount:${email}`),
    );
    const done: Provisioned = { linked, enabled, disabled, granted };
    const advice = [...roles(project_id), ...(flags.github === undefined ? [] : ['', ...federation(project_id, flags.github)])];
    return this.out([...lines(project_id, done), '', ...advice], { project: project_id, ...done, advice });
  }
}

async function link(host: Host, project: string): Promise<boolean> {
  if ((await host.targets(['gcp', 'gcp-run', 'firebase'])).length > 0) return false;
  if (!(await host.confirm(`Write project_id ${project} into dcs.yaml as targets.gcp?`, '--yes')))
    throw new DcsError('REFUSED', 'dcs.yaml was not changed.', { hint: 'dcs provision gcp --yes' });
  await host.editConfig(['targets', 'gcp', 'project_id'], project);
  return true;
}

function lines(project: string, { linked, enabled, disabled, granted }: Provisioned): string[] {
  const secrets = new Set(granted.map(({ secret }) => secret)).size;
  return [
    linked ? `+ targets.gcp  project_id ${project} written to dcs.yaml` : `= ${project}  linked in dcs.yaml`,
    ...enabled.map((api) => `+ ${api}  enabled`),
    ...disabled.map((api) => `! ${api}  is not enabled`),
    ...(enabled.length + disabled.length === 0 ? ['= APIs  enabled'] : []),
    ...(secrets === 0 ? [] : [`+ access  ${[...new Set(granted.map(({ member }) => member))].join(', ')} to ${secrets} secrets`]),
  ];
}
