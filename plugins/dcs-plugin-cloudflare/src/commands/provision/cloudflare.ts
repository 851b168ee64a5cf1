import { Flags } from '@oclif/core';
import { DcsError, type Detected, type Host } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { createApi, type Api } from '../../api.ts';
import detect from '../../detect.ts';
import { pagesProjects } from '../../pages-projects.ts';
import { createDraft, link, workerExists, workersOf, type Provisioned } from '../../provision.ts';
import service from '../../service.ts';

export default class ProvisionCloudflare extends DcsCommand {
  static override description =
    'Link the Worker or Pages project of this repository to dcs.yaml.\n\nReads account and names from the wrangler file, writes what dcs.yaml lacks, and checks that the token reaches them. Running it again changes nothing.';
  static override examples = [
    { description: 'Link what the wrangler file names', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Also make Workers that do not exist yet, empty', command: '<%= config.bin %> <%= command.id %> --create --yes' },
  ];
  static override flags = {
    create: Flags.boolean({ description: 'create a missing Worker as an empty draft' }),
    yes: Flags.boolean({ char: 'y', description: 'link and create without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ProvisionCloudflare);
    const host = await this.host();
    const found = await detect(host.root, host.env);
    if (found.length === 0)
      throw new DcsError('CONFIG', 'There is no wrangler file in this repository.', {
        hint: 'wrangler init, or set account_id and worker in dcs.yaml',
      });
    const api = createApi(host.context(service.title, service.endpoint(host.env)));
    const results: Provisioned[] = [];
    for (const item of found) results.push(await provision(host, api, item, flags.create));
    return this.out(results.flatMap(lines), { targets: results });
  }
}

async function provision(host: Host, api: Api, found: Detected, create: boolean): Promise<Provisioned> {
  const { target, linked, options } = await link(host, found);
  const account = options['account_id'];
  if (typeof account !== 'string')
    throw new DcsError('CONFIG', `targets.${target} has no account_id.`, {
      why: found.notes.join('. '),
      hint: 'set account_id in dcs.yaml, or CLOUDFLARE_ACCOUNT_ID',
    });
  const { project } = options;
  if (typeof project === 'string' && !(await pagesProjects(api, account)).includes(project))
    throw new DcsError('TARGET', `There is no Pages project '${project}' in account '${account}'.`, {
      hint: `wrangler pages project create ${project}`,
    });
  const workers: Provisioned['workers'][number][] = [];
  for (const name of workersOf(options)) {
    if (await workerExists(api, account, name)) workers.push({ name, state: 'exists' });
    else workers.push({ name, state: await make(host, api, account, name, create) });
  }
  return { target, linked, workers };
}

async function make(host: Host, api: Api, account: string, name: string, create: boolean): Promise<'created' | 'missing'> {
  if (!create || !(await host.confirm(`Create Worker ${name} in account ${account}, empty?`, '--yes'))) return 'missing';
  await createDraft(api, account, name);
  return 'created';
}

function lines({ target, linked, workers }: Provisioned): string[] {
  return [
    linked.length === 0 ? `= ${target}  already linked in dcs.yaml` : `+ ${target}  ${linked.join(', ')} written to dcs.yaml`,
    ...workers.map(({ name, state }) =>
      state === 'missing'
        ? `! Worker ${name} does not exist: wrangler deploy, or --create`
        : `${state === 'created' ? '+' : '='} Worker ${name} ${state}`,
    ),
  ];
}
