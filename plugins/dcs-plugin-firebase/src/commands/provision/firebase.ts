import { Flags } from '@oclif/core';
import { DcsError, type Detected, type Host } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { enableApis, endpointOf, grantAccess, openGoogle, roles } from 'dcs-plugin-gcp/target';
import detect from '../../detect.ts';
import { findProject } from '../../project.ts';

export default class ProvisionFirebase extends DcsCommand {
  static override description =
    'Link the Firebase projects of this repository to dcs.yaml and enable the APIs that functions with secrets need.\n\nReads firebase.json and .firebaserc, writes what dcs.yaml lacks, with --accessor lets accounts read what dcs keeps (firebase deploy does that for its functions), and prints the roles that dcs needs. Running it again changes nothing. A firebase login is the Firebase CLI’s own: dcs needs a Google login (gcloud auth application-default login).';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --accessor api@shop-4f2a1.iam.gserviceaccount.com --yes --json',
  ];
  static override flags = {
    accessor: Flags.string({
      helpValue: 'EMAIL',
      multiple: true,
      multipleNonGreedy: true,
      description: 'let this service account read the secrets that dcs keeps',
    }),
    yes: Flags.boolean({ char: 'y', description: 'link and enable without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ProvisionFirebase);
    const host = await this.host();
    const [found] = await detect(host.root, host.env);
    if (found === undefined)
      throw new DcsError('CONFIG', 'There is no firebase.json with functions or App Hosting in this repository.', {
        hint: 'firebase init functions',
      });
    const { linked, projects } = await link(host, found);
    if (projects.length === 0) throw new DcsError('CONFIG', '.firebaserc names no project.', { hint: 'firebase use --add' });
    const repository = await findProject(host.root);
    const apis = [
      'secretmanager',
      ...(repository!.functions.length > 0 ? ['cloudfunctions', 'run'] : []),
      ...(repository!.appHosting.length > 0 ? ['firebaseapphosting'] : []),
    ];
    const context = host.context('Google', endpointOf('secretmanager', host.env));
    const google = openGoogle(context);
    const members = (flags.accessor ?? []).map((email) => `serviceAccount:${email}`);
    const done: Done[] = [];
    for (const project of projects) {
      const apisOf = await enableApis(google, host, project, apis, context.signal);
      done.push({ project, ...apisOf, granted: await grantAccess(google, host, { project_id: project }, members) });
    }
    const advice = projects.flatMap((project) => [...roles(project), ...firebaseRoles(project), '']);
    const lines = [
      linked.length === 0 ? '= targets.firebase  linked in dcs.yaml' : `+ targets.firebase  ${linked.join(', ')} written to dcs.yaml`,
      ...done.flatMap(({ project, enabled, disabled, granted }) => [
        ...enabled.map((api) => `+ ${project}  ${api} enabled`),
        ...disabled.map((api) => `! ${project}  ${api} is not enabled`),
        ...(enabled.length + disabled.length === 0 ? [`= ${project}  APIs enabled`] : []),
        ...(granted.length === 0
          ? []
          : [
              `+ ${project}  ${(flags.accessor ?? []).join(', ')} may read ${new Set(granted.map(({ secret }) => secret)).size} more secrets`,
            ]),
      ]),
    ];
    return this.out([...lines, '', ...advice].slice(0, -1), { linked, projects: done, advice });
  }
}

interface Done {
  readonly project: string;
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
  readonly granted: readonly { readonly secret: string; readonly member: string }[];
}

/** What the target needs besides the secrets. */
const firebaseRoles = (project: string): string[] => [
  `For firebase: roles/cloudfunctions.viewer tells which functions of ${project} run with older values, roles/cloudfunctions.developer and`,
  '  roles/iam.serviceAccountUser on the account that the functions run as are for --redeploy.',
];

/** Writes what dcs.yaml lacks, once agreed. What stands there already stays. */
async function link(host: Host, found: Detected): Promise<{ linked: string[]; projects: string[] }> {
  const [entry] = await host.targets(['firebase']);
  const option = entry?.options['project_id'] ?? found.options['project_id'];
  const projects = [...new Set(typeof option === 'object' && option !== null ? Object.values(option) : [option])].filter(
    (id) => typeof id === 'string',
  );
  if (entry?.options['project_id'] !== undefined || option === undefined) return { linked: [], projects };
  if (!(await host.confirm(`Write project_id of ${found.file} into dcs.yaml as targets.${entry?.name ?? 'firebase'}?`, '--yes')))
    throw new DcsError('REFUSED', 'dcs.yaml was not changed.', { hint: 'dcs provision firebase --yes' });
  await host.editConfig(['targets', entry?.name ?? 'firebase', 'project_id'], option);
  const { include } = found.options;
  if (entry !== undefined || include === undefined) return { linked: ['project_id'], projects };
  await host.editConfig(['targets', 'firebase', 'include'], include);
  return { linked: ['project_id', 'include'], projects };
}
