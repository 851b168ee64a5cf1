import { writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { endpointOf, keptByDcs, openGoogle, secretsApi } from 'dcs-plugin-gcp/target';
import { backends, chooseBackend, grantBackend, withReferences } from '../../apphosting.ts';
import { chooseProject } from '../../choose.ts';
import { NAMES } from '../../names.ts';
import { findProject, text } from '../../project.ts';

/** https://firebase.google.com/docs/app-hosting/configure, last verified 2026-11-21. */
const FILES = /^apphosting(\.[a-z0-9_]+)?\.yaml$/;
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

export default class AppHosting extends DcsCommand {
  static override description =
    'Refer to the secrets that dcs keeps from apphosting.yaml, and let the backend read them.\n\nAdds what the file does not mention yet, comments stay; no value is ever in it. The next rollout reads the newest versions. Running it again changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e prod',
    '<%= config.bin %> <%= command.id %> STRIPE_KEY --file apphosting.staging.yaml -e staging --yes',
  ];
  static override args = { name: Args.string({ multiple: true, description: 'a secret; default: all that dcs keeps in the project' }) };
  static override flags = {
    file: Flags.string({ helpValue: 'FILE', description: 'default: apphosting.yaml in the root folder of the backend' }),
    backend: Flags.string({ helpValue: 'ID', description: 'the App Hosting backend; default: the only one' }),
    project: Flags.string({ helpValue: 'ID', description: 'the Firebase project; default: that of dcs.yaml or .firebaserc' }),
    yes: Flags.boolean({ char: 'y', description: 'write and grant without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(AppHosting);
    const host = await this.host();
    const project = await chooseProject(host, flags.project);
    const google = openGoogle(host.context('Google', endpointOf('secretmanager', host.env)));
    const stored = await secretsApi(google, { project_id: project }).all();
    const kept = stored.filter((secret) => keptByDcs(secret) && NAMES.test(secret.id)).map(({ id }) => id);
    const unknown = (args.name ?? []).find((name) => !stored.some(({ id }) => id === name));
    if (unknown !== undefined)
      throw new DcsError('USAGE', `There is no secret ${unknown} in project ${project}.`, { hint: `dcs sync firebase` });
    const names = (args.name ?? kept).toSorted();
    if (names.length === 0) throw new DcsError('USAGE', `dcs keeps no secret in project ${project}.`, { hint: 'dcs sync firebase' });
    const repository = await findProject(host.root);
    const backend = chooseBackend(await backends(google, project), flags.backend, project);
    const rootDir =
      repository?.appHosting.find(({ backendId }) => backendId === backend.id)?.rootDir ?? repository?.appHosting[0]?.rootDir ?? '.';
    const file = flags.file ?? join(repository?.root ?? host.root, rootDir, 'apphosting.yaml');
    const before = await text(file);
    if (before === undefined && !FILES.test(basename(file)))
      throw new DcsError('USAGE', `There is no ${file}.`, {
        why: 'App Hosting reads apphosting.yaml and apphosting.NAME.yaml. Nothing was written or granted.',
      });
    const shown = relative(host.root, file);
    const next = await withReferences(shown, before ?? '', names);
    for (const name of next?.added ?? []) host.output.note(`  + ${name}  in ${shown}`);
    if (
      !(await host.confirm(
        `Let backend ${backend.id} (${backend.account}) read ${counted(names.length, 'secret')}${next ? `, and write ${shown}` : ''}?`,
        '--yes',
      ))
    )
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written or granted.' });
    const granted = await grantBackend(google, project, backend, names);
    if (next) await writeFile(file, next.text);
    return this.out(
      [
        next ? `+ ${shown}  ${counted(next.added.length, 'reference')} written` : `= ${shown}  refers to all of them`,
        granted.length > 0
          ? `+ ${backend.id}  may read ${counted(granted.length, 'more secret')}`
          : `= ${backend.id}  may read all of them`,
      ],
      { project, backend: backend.id, file, added: next?.added ?? [], granted },
    );
  }
}
