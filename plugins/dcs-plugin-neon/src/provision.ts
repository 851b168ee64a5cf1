import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DcsError, type Environment, type Host, type ProjectSource } from 'dcs-sdk';
import { branchesOf, type Branch } from './branches.ts';
import { chooseDatabase, type Wanted } from './connection.ts';
import { addEndpoint, createBranch, renewPassword, withEndpoint } from './create-branch.ts';
import type { Neon } from './operations.ts';
import { sharesPassword } from './point.ts';
import { chooseOrg, createProject, MAIN, projectNamed, projectsOf, type Project } from './projects.ts';

export interface Asked {
  readonly name: string | undefined;
  readonly org: string | undefined;
  readonly region: string | undefined;
  readonly version: number | undefined;
  readonly database: string | undefined;
  readonly role: string | undefined;
}

/** The project there is, or the one to be made. */
export type Ground = { readonly project: Project } | { readonly create: Asked & { readonly name: string } };

/** What stands in dcs.yaml, or in a `.neon` file, or is called so: linked before anything is made. */
export async function findProject(neon: Neon, host: Host, entry: ProjectSource | undefined, asked: Asked): Promise<Ground> {
  const text = (key: string): string | undefined => {
    const value = entry?.options[key];
    return typeof value === 'string' && !value.includes('${') ? value : undefined;
  };
  const known = text('project_id') ?? (await dotNeon(host.root));
  if (known !== undefined) return { project: await projectNamed(neon.api, known) };
  const name = asked.name ?? text('project_name') ?? basename(host.root);
  const org = await chooseOrg(neon.api, asked.org ?? text('org_id') ?? host.env['NEON_ORG_ID']);
  const all = await projectsOf(neon.api, org);
  const [project, second] = all.filter((each) => each.name === name || each.id === name);
  if (second !== undefined)
    throw new DcsError('CONFLICT', `Two projects of Neon are called ${name}.`, {
      why: 'Nothing was written.',
      hint: all.filter((each) => each.name === name).map(({ id }) => `--project-name ${id}`),
    });
  if (project !== undefined) return { project };
  if (all.length > 0 && asked.name === undefined)
    throw new DcsError('USAGE', `No project of Neon is called ${name}. Link one of these, or name a new one.`, {
      why: 'Nothing was written.',
      hint: [
        ...all.slice(0, 10).map((each) => `--project-name ${each.name}     ${each.id}, ${each.region}`),
        `--project-name ${name}     makes it`,
      ],
    });
  return { create: { ...asked, name, org } };
}

/** The neon CLI's own file. https://neon.com/docs/reference/neon-cli (last verified 2026-11-21). */
async function dotNeon(root: string): Promise<string | undefined> {
  try {
    const { projectId } = JSON.parse(await readFile(join(root, '.neon'), 'utf8')) as { projectId?: unknown };
    return typeof projectId === 'string' && projectId !== '' ? projectId : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) throw new DcsError('CONFIG', '.neon is not valid JSON.', { hint: 'neon link' });
    throw error;
  }
}

/** One environment's branch, and what is missing. */
export interface Step {
  readonly environment: Environment;
  readonly branch: string;
  /** It is the project's default branch. */
  readonly main: boolean;
  readonly make: boolean;
  readonly compute: boolean;
  /** It opens with its parent's password. */
  readonly renew: boolean;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly wanted: Required<Wanted> | undefined;
}

/** Which branch each environment gets: the one dcs.yaml names; production the default one; every other one of its own name. */
export async function planBranches(
  neon: Neon,
  ground: Ground,
  entry: ProjectSource | undefined,
  environments: readonly Environment[],
  asked: Wanted,
): Promise<Plan> {
  const named = (environment: Environment): string | undefined => {
    const branch = entry?.optionsFor(environment)['branch'];
    return typeof branch === 'string' ? branch : undefined;
  };
  if ('create' in ground) {
    const steps = environments.map((environment): Step => {
      const isMain = environment.protected || named(environment) === MAIN;
      return {
        environment,
        branch: isMain ? MAIN : (named(environment) ?? environment.name),
        main: isMain,
        make: !isMain,
        compute: false,
        renew: !isMain,
      };
    });
    return { steps, wanted: undefined };
  }
  const { id } = ground.project;
  const [branches, computes] = await Promise.all([branchesOf(neon.api, id), withEndpoint(neon, id)]);
  const root = defaultOf(branches, id);
  const wanted = await chooseDatabase(neon.api, id, root, asked);
  const steps = await Promise.all(
    environments.map(async (environment): Promise<Step> => {
      const name = named(environment) ?? (environment.protected ? root.name : environment.name);
      const found = branches.find((each) => each.name === name || each.id === name);
      const step = { environment, branch: found?.name ?? name, main: found?.id === root.id };
      if (found === undefined) return { ...step, make: true, compute: false, renew: true };
      const compute = !computes.has(found.id);
      return { ...step, make: false, compute, renew: await sharesPassword(neon, id, branches, found, wanted.role) };
    }),
  );
  return { steps, wanted };
}

function defaultOf(branches: readonly Branch[], project: string): Branch {
  const root = branches.find((branch) => branch.default);
  if (root) return root;
  throw new DcsError('TARGET', `Project ${project} has no default branch.`, { why: 'Nothing was written.' });
}

/** Makes what the plan lacks, in an order that a second run can go on from. */
export async function build(neon: Neon, project: string, step: Step, role: string): Promise<void> {
  const branches = await branchesOf(neon.api, project);
  const found = branches.find(({ name }) => name === step.branch);
  const branch = found ?? (await createBranch(neon, project, { name: step.branch, parent: defaultOf(branches, project) })).branch;
  if (step.compute) await addEndpoint(neon, project, branch);
  if (step.renew) await renewPassword(neon, project, branch, role);
}

export async function makeProject(
  neon: Neon,
  wanted: Asked & { readonly name: string },
): Promise<{ project: Project; database: Required<Wanted> }> {
  const project = await createProject(neon, wanted);
  const { database, role } = wanted;
  const given = { ...(database === undefined ? {} : { database }), ...(role === undefined ? {} : { role }) };
  return {
    project,
    database: await chooseDatabase(neon.api, project.id, defaultOf(await branchesOf(neon.api, project.id), project.id), given),
  };
}
