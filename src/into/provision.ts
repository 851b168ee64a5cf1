import { DcsError, isDcsError } from 'dcs-sdk';
import { STANDARD } from '../config/names.ts';
import type { DopplerClient, DopplerConfig } from '../doppler/client.ts';

/** Configs that shall be there: the environment of dcs.yaml and what Doppler calls its config. */
export interface WantedConfig {
  readonly environment: string;
  readonly config: string;
}

export type Step =
  | { readonly make: 'project'; readonly project: string }
  | { readonly make: 'environment'; readonly project: string; readonly slug: string; readonly name: string }
  | { readonly make: 'config'; readonly project: string; readonly environment: string; readonly config: string };

export interface Provisioning {
  readonly project: string;
  /** What is missing, in the order it is made. */
  readonly steps: readonly Step[];
  /** Comes with a new project. */
  readonly included: readonly string[];
  readonly there: readonly string[];
}

/** What Doppler lacks of a project and its configs. Reads only. */
export async function planProvisioning(client: DopplerClient, project: string, wanted: readonly WantedConfig[]): Promise<Provisioning> {
  const exists = (await client.projects()).some(({ slug, name }) => slug === project || name === project);
  const made = [...STANDARD.values()];
  const [slugs, configs] = exists ? await insideOf(client, project) : [new Set(made), new Set(made)];
  const steps: Step[] = exists ? [] : [{ make: 'project', project }];
  const names = new Set(wanted.map(({ config }) => config));
  // Roots first: a branch config needs its environment.
  for (const { environment, config } of wanted.toSorted((a, b) => a.config.length - b.config.length)) {
    if (configs.has(config)) continue;
    const root = rootOf(config, new Set([...slugs, ...names]));
    if (root === undefined) steps.push({ make: 'environment', project, slug: config, name: titleOf(environment) });
    else steps.push({ make: 'config', project, environment: root, config });
    configs.add(config);
  }
  const present = [...names].filter((name) => !steps.some((step) => nameOf(step) === name));
  return { project, steps, included: exists ? [] : present, there: exists ? present : [] };
}

async function insideOf(client: DopplerClient, project: string): Promise<[Set<string>, Set<string>]> {
  const [environments, configs] = await Promise.all([client.environments(project), client.configs(project)]);
  return [new Set(environments.map(({ slug }) => slug)), new Set(configs.map(({ name }: DopplerConfig) => name))];
}

/** The environment of a branch config, whose name begins with its slug: the longest that there is. */
function rootOf(config: string, slugs: ReadonlySet<string>): string | undefined {
  return [...slugs].filter((slug) => config.startsWith(`${slug}_`)).toSorted((a, b) => b.length - a.length)[0];
}

const titleOf = (environment: string): string => environment.charAt(0).toUpperCase() + environment.slice(1);

export const nameOf = (step: Step): string =>
  step.make === 'project' ? step.project : step.make === 'environment' ? step.slug : step.config;

/**
 * Makes what is missing, one request each, and looks again before it gives up on one: what an earlier run, another machine or a lost
 * answer made is there, and is not made twice. `done` hears of each.
 */
export async function provision(
  client: DopplerClient,
  project: string,
  wanted: readonly WantedConfig[],
  done: (step: Step) => void,
): Promise<void> {
  for (let last: string | undefined; ;) {
    // What comes with a new project shows only once it is there.
    // oxlint-disable-next-line no-await-in-loop -- each step needs the one before
    const [step] = (await planProvisioning(client, project, wanted)).steps;
    if (step === undefined) return;
    const id = `${step.make} ${nameOf(step)}`;
    if (id === last) throw new DcsError('TARGET', `Doppler took the ${id}, but does not show it.`, { hint: 'the same command again' });
    last = id;
    // oxlint-disable-next-line no-await-in-loop -- each step needs the one before
    if (await make(client, project, wanted, step)) done(step);
  }
}

/** False: somebody else made it meanwhile. */
async function make(client: DopplerClient, project: string, wanted: readonly WantedConfig[], step: Step): Promise<boolean> {
  try {
    if (step.make === 'project') await client.createProject(step.project);
    else if (step.make === 'environment') await client.createEnvironment(project, step.slug, step.name);
    else await client.createConfig(project, step.environment, step.config);
    return true;
  } catch (error) {
    if (!isDcsError(error)) throw error;
    const { steps } = await planProvisioning(client, project, wanted);
    if (steps.some((left) => left.make === step.make && nameOf(left) === nameOf(step))) throw explained(error, step);
    return error.details.applied === 'unknown';
  }
}

/** https://docs.doppler.com/docs/platform-limits (last verified 2026-11-21). */
const LIMITS: Readonly<Record<Step['make'], string>> = {
  project: 'a Developer plan has at most 10 projects',
  environment: 'a Developer plan has at most 4 environments in a project, a Team plan 15',
  config: 'a Developer plan has at most 10 configs in an environment, a Team plan 100',
};

/** Doppler words neither a missing right nor a full plan in a documented way. */
function explained(error: DcsError, step: Step): DcsError {
  const { code, details } = error;
  if (details.status === undefined || details.status === 401 || code === 'NETWORK') return error;
  const rights = 'The token may not make one (a service token opens one config, and makes none), or the plan is full';
  return new DcsError(code === 'AUTH' ? 'AUTH' : 'TARGET', `Doppler did not make the ${step.make} ${nameOf(step)} (${details.status}).`, {
    ...details,
    why: `${code === 'AUTH' ? `${rights}: ${LIMITS[step.make]}` : `Most often the plan is full: ${LIMITS[step.make]}`}. What was made before stays.`,
    hint: ['dcs whoami doppler', 'https://dashboard.doppler.com     shows the plan and what is there'],
  });
}

/** `+ create  config dev_checkout` */
export function provisionLines({ project, steps, included, there }: Provisioning): string[] {
  return [
    `doppler · project ${project}`,
    ...steps.map((step) => `  + create  ${step.make} ${nameOf(step)}${step.make === 'config' ? ` in ${step.environment}` : ''}`),
    ...(included.length === 0 ? [] : [`  + with it ${included.join(', ')}`]),
    ...(there.length === 0 ? [] : [`  = there   ${there.join(', ')}`]),
    '',
  ];
}
