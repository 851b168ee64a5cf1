import { basename, isAbsolute, relative, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { DcsError, type Host } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { interrupted } from '../interrupted.ts';
import { reconcileAll } from '../reconcile/list.ts';
import { KINDS, manifest, type Kind } from '../reconcile/manifests.ts';
import { noticesOf } from '../reconcile/notices.ts';
import { reconcile, type Scope } from '../reconcile/project.ts';
import { exitOf, linesOf, type Project } from '../reconcile/report.ts';

export default class Reconcile extends DcsCommand {
  static override description = `Look at every environment, write where a trigger of type schedule says so, and report: the loop for cron, systemd and Kubernetes.

At the root of a workspace it is about all members, in one process. Folders, or files of dcs.yaml, are a process each. What drifted is reported, and where
no trigger names the environment it is left. Two runs for one folder do not overlap: the second ends with exit code 6.`;
  static override examples = [
    '<%= config.bin %> reconcile',
    '<%= config.bin %> reconcile -e staging',
    '<%= config.bin %> reconcile ~/src/shop ~/src/blog --at-once 2',
    { description: 'Files for a timer; nothing is written', command: '<%= config.bin %> reconcile --print systemd' },
  ];
  static override strict = false;
  static override args = { project: Args.string({ description: 'folder or dcs.yaml; default: the one here', multiple: true }) };
  static override flags = {
    'at-once': Flags.integer({ helpValue: 'N', min: 1, max: 32, default: 4, description: 'so many projects of a list at the same time' }),
    print: Flags.string({ options: [...KINDS], description: 'print the file that runs this every 15 minutes' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Reconcile);
    const places = [args.project ?? []].flat();
    const file = flags['config-file'];
    if (places.length > 0 && file !== undefined)
      throw new DcsError('USAGE', '--config-file does not go with a list of projects.', { hint: 'name the file in the list' });
    if (flags.print !== undefined) return this.print(flags.print as Kind, places, flags.env, file);
    const host = await this.host();
    const given = { signal: interrupted(), ...(flags.env === undefined ? {} : { environment: flags.env }) };
    const projects =
      places.length > 0 ? await reconcileAll(host, { ...given, places, atOnce: flags['at-once'] }) : [await own(host, given)];
    const exit = exitOf(projects);
    process.exitCode = exit;
    return this.out(linesOf(projects), { exit, projects });
  }

  private async print(
    kind: Kind,
    places: readonly string[],
    environment: string | undefined,
    file: string | undefined,
  ): Promise<Record<string, unknown>> {
    const { root: folder } = await this.host();
    // It will run there, not here.
    const there = places.map((place) => (isAbsolute(place) ? place : relative(folder, resolve(place)) || '.'));
    const name = file === undefined || /^dcs\.ya?ml$/.test(basename(file)) ? [] : ['--config-file', basename(file)];
    const words = ['dcs', 'reconcile', ...there, ...(environment === undefined ? [] : ['-e', environment]), ...name];
    const files = manifest(kind, { folder, words, trust: ['dcs', 'trust', '--all', ...name] });
    return this.out(
      [...files.values()].map((text) => text.trimEnd()),
      { kind, files: Object.fromEntries(files) },
    );
  }
}

async function own(host: Host, given: Scope): Promise<Project> {
  const lock = await host.alone(`dcs reconcile of ${host.root}`);
  try {
    const project = await reconcile(host, given);
    if (host.notifications !== undefined) await tell(host, project);
    return project;
  } finally {
    await lock.release();
  }
}

async function tell(host: Host, project: Project): Promise<void> {
  const { flush, notify } = await import('../notify/notify.ts');
  await notify(host, noticesOf(project, await titleOf(host)));
  await flush(host);
}

/** The Doppler project; members of a workspace may have several, so that one goes by its folder. */
async function titleOf(host: Host): Promise<string> {
  const [first] = (await host.members()) === undefined ? await host.environments() : [];
  return first?.doppler.project ?? basename(host.root);
}
