import { Flags } from '@oclif/core';
import { DcsError, isDcsError, type Environment, type Host, type ProjectSource } from 'dcs-sdk';
import { allowed, consentFlags, NeonCommand, sourceFlag } from '../../neon-command.ts';
import type { NeonOptions } from '../../options.ts';
import { build, findProject, makeProject, planBranches, type Ground, type Plan, type Step } from '../../provision.ts';
import { neonSource, readBranch } from '../../source.ts';

export default class ProvisionNeon extends NeonCommand {
  static override description = `Give every environment a database: link or create a Neon project, a branch for each, and their URLs in Doppler.

What exists is linked before anything is created: the project of dcs.yaml or of a .neon file, else the one of that name. Production gets the
default branch, every other environment a child of it with a password of its own. Interrupted, it goes on where it stopped.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --project-name shop --region aws-eu-central-1',
    { description: 'One environment, without a question', command: '<%= config.bin %> <%= command.id %> -e dev --yes' },
    { description: 'Production: its name is typed', command: '<%= config.bin %> <%= command.id %> -e prod --yes' },
  ];
  static override flags = {
    'project-name': Flags.string({ helpValue: 'NAME', description: 'link the project of this name or id; create it where there is none' }),
    'org-id': Flags.string({ helpValue: 'ID', description: 'organization, where the key sees several' }),
    region: Flags.string({ helpValue: 'ID', description: 'of a new project, e.g. aws-eu-central-1' }),
    'pg-version': Flags.integer({ helpValue: 'N', description: 'PostgreSQL of a new project', min: 14, max: 18 }),
    database: Flags.string({ helpValue: 'NAME', description: 'database; default: the only one' }),
    role: Flags.string({ helpValue: 'NAME', description: 'role; default: the owner of the database' }),
    ...sourceFlag,
    ...consentFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ProvisionNeon);
    const { host, neon, origin } = await this.open();
    const entries = await host.sources(['neon']);
    const entry = flags.source === undefined ? entries[0] : entries.find(({ name }) => name === flags.source);
    const source = entry?.name ?? flags.source ?? 'db';
    const environments = flags.env === undefined ? await host.environments() : [await host.environment()];
    if (environments.length === 0) throw new DcsError('CONFIG', 'There is no dcs.yaml here or above.', { hint: 'dcs init' });
    const asked = {
      name: flags['project-name'],
      org: flags['org-id'],
      region: flags.region,
      version: flags['pg-version'],
      database: flags.database ?? textOf(entry, 'database'),
      role: flags.role ?? textOf(entry, 'role'),
    };
    const ground = await findProject(neon, host, entry, asked);
    const wanted = {
      ...(asked.database === undefined ? {} : { database: asked.database }),
      ...(asked.role === undefined ? {} : { role: asked.role }),
    };
    const plan = await planBranches(neon, ground, entry, environments, wanted);
    for (const line of planLines(ground, plan)) host.output.note(line);
    await agree(host, ground, plan, entry, source);

    const made = 'create' in ground ? await makeProject(neon, ground.create) : undefined;
    const project = made?.project ?? (ground as { project: { id: string; name: string } }).project;
    const { database, role } = made?.database ?? plan.wanted!;
    await write(host, entry, source, { ...(entry === undefined ? { type: 'neon' } : {}), project_id: project.id, database, role });
    for (const step of plan.steps) {
      if (step.make || step.compute || step.renew) await build(neon, project.id, step, role);
      if (entry?.optionsFor(step.environment)['branch'] === undefined)
        await host.editConfig(['sources', source, 'branch', step.environment.branchOf ?? step.environment.name], step.branch);
    }

    const filled = [];
    for (const { environment, branch } of plan.steps) {
      const options: NeonOptions = { project_id: project.id, database, role, branch };
      const from = neonSource(origin, options, () => readBranch(neon.api, options));
      filled.push(
        await fill(host, environment, () =>
          host.sync(from, environment, {
            from: 'Neon',
            entry: source,
            again: `dcs sync ${source} -e ${environment.name}`,
            yes: true,
            allow: allowed(flags),
          }),
        ),
      );
    }
    const left = filled.flatMap((each) => ('error' in each ? [each.error] : []));
    if (left.length > 0) throw left.length === 1 ? left[0]! : several(left);
    return this.out(
      [
        `${made ? '+' : '='} project ${project.name} (${project.id})`,
        ...plan.steps.map(({ environment, branch, make }) => `${make ? '+' : '='} ${environment.name}  branch ${branch}`),
        ...filled.flatMap((each) => ('lines' in each ? each.lines : [])),
      ],
      {
        project: { id: project.id, name: project.name, created: made !== undefined },
        branches: plan.steps.map(({ environment, branch, make }) => ({ environment: environment.name, branch, created: make })),
        doppler: filled.flatMap((each) => ('json' in each ? [each.json] : [])),
      },
    );
  }
}

function textOf(entry: ProjectSource | undefined, key: string): string | undefined {
  const value = entry?.options[key];
  return typeof value === 'string' && !value.includes('${') ? value : undefined;
}

function planLines(ground: Ground, { steps }: Plan): string[] {
  const first =
    'project' in ground
      ? `= project ${ground.project.name} (${ground.project.id}), ${ground.project.region}, PostgreSQL ${ground.project.version}`
      : `+ project ${ground.create.name}, ${ground.create.region ?? "Neon's default region"}, PostgreSQL ${ground.create.version ?? "Neon's default version"}`;
  return [first, ...steps.map(stepLine)];
}

function stepLine({ environment, branch, main, make, compute, renew }: Step): string {
  const changes = [
    ...(make ? ['a child of the default branch'] : []),
    ...(compute ? ['+ compute'] : []),
    ...(renew && !make ? ["~ password, which is its parent's"] : []),
  ];
  const what = main ? ' (the default branch)' : '';
  return `${make ? '+' : compute || renew ? '~' : '='} ${environment.name}  branch ${branch}${what}${changes.length === 0 ? '' : `: ${changes.join(', ')}`}`;
}

/** Without anything to make there is nothing to ask; what Doppler gets has a plan of its own. */
async function agree(host: Host, ground: Ground, { steps }: Plan, entry: ProjectSource | undefined, source: string): Promise<void> {
  const makes = 'create' in ground || steps.some(({ make, compute, renew }) => make || compute || renew);
  if (!makes && entry?.options['project_id'] !== undefined) return;
  const question = `${makes ? 'Create this in Neon' : 'Link this project'}, write sources.${source} into dcs.yaml and the URLs into Doppler?`;
  if (await host.confirm(question, '--yes')) return;
  throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
}

/** What stands in dcs.yaml stays. */
async function write(host: Host, entry: ProjectSource | undefined, source: string, keys: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(keys))
    if (entry?.options[key] === undefined) await host.editConfig(['sources', source, key], value);
}

/** One config that may not be written stops no other. */
async function fill<T>(host: Host, environment: Environment, sync: () => Promise<T>): Promise<T | { readonly error: DcsError }> {
  try {
    return await sync();
  } catch (error) {
    if (!isDcsError(error) || error.code !== 'REFUSED') throw error;
    host.output.note(`! ${environment.name}: ${error.message}`);
    return { error };
  }
}

const several = (errors: readonly DcsError[]): DcsError =>
  new DcsError('REFUSED', `${errors.length} Doppler configs were not written.`, {
    why: errors.map(({ message }) => message).join(' '),
    hint: errors.flatMap(({ details }) => [details.hint ?? []].flat()),
  });
