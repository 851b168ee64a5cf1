import { DcsError, type Env, type Environment } from 'dcs-sdk';
import type { CiInfo } from './ci.ts';
import { kindOf, type Kind } from './names.ts';
import type { Project, ProjectEnvironment } from './project.ts';

export interface Circumstances {
  /** `-e` */
  readonly flag?: string;
  readonly env: Env;
  readonly branch?: string;
  readonly ci: CiInfo | undefined;
  /** What the service token in use is made for. */
  readonly tokenConfig?: { readonly project: string; readonly config: string };
  readonly sandbox?: boolean;
  /** The command only reads. */
  readonly reading: boolean;
}

/** The first rule that answers, and line 1 of every command that acts. */
export function chooseEnvironment(project: Project, now: Circumstances): Environment & { readonly line: string } {
  const [chosen, why, long] = typed(project, now) ?? byToken(project, now) ?? byBranch(project, now);
  const doppler = { project: project.doppler.project, config: chosen.config };
  const mark = chosen.protected ? ' (protected)' : chosen.unprotected ? ' UNPROTECTED' : '';
  const line = `${now.sandbox ? 'SANDBOX · ' : ''}${chosen.name}${mark} · Doppler ${doppler.project}/${doppler.config} · ${long ?? why}`;
  return { name: chosen.name, protected: chosen.protected, why, doppler, line };
}

type Choice = readonly [ProjectEnvironment, why: string, long?: string];

function typed(project: Project, { flag, env, tokenConfig }: Circumstances): Choice | undefined {
  const word = flag ?? (env['DCS_ENV'] || undefined);
  if (word === undefined) return undefined;
  const how = flag === undefined ? 'DCS_ENV' : '-e';
  const found = named(project, word);
  if (tokenConfig && (tokenConfig.config !== found.config || tokenConfig.project !== project.doppler.project))
    throw new DcsError(
      'AUTH',
      `${how} says ${found.name} (${project.doppler.project}/${found.config}); the service token is for ${tokenConfig.project}/${tokenConfig.config}.`,
      {
        why: 'A service token fixes the environment. Nothing was read or written.',
        hint: ['unset DOPPLER_TOKEN', `or leave ${how} out`],
      },
    );
  return [found, how];
}

/** By its name, its Doppler config, or a synonym such as `prd`. */
export function named(project: Project, word: string): ProjectEnvironment {
  const all = [...project.environments.values()];
  const exact = project.environments.get(word);
  const kind = kindOf(word);
  const tries = [
    exact ? [exact] : [],
    all.filter(({ config }) => config === word),
    kind === undefined ? [] : all.filter(({ name }) => kindOf(name) === kind),
  ];
  const found = tries.find((one) => one.length > 0) ?? [];
  if (found.length === 1) return found[0]!;
  throw new DcsError(
    'CONFIG',
    found.length === 0 ? `There is no environment "${word}".` : `"${word}" may mean ${found.map(({ name }) => name).join(' or ')}.`,
    {
      why: `dcs.yaml has ${all.map(({ name }) => name).join(', ')}.`,
      hint: 'dcs context',
    },
  );
}

function byToken(project: Project, { tokenConfig }: Circumstances): Choice | undefined {
  if (!tokenConfig) return undefined;
  const found =
    tokenConfig.project === project.doppler.project
      ? [...project.environments.values()].find(({ config }) => config === tokenConfig.config)
      : undefined;
  if (found) return [found, 'service token'];
  throw new DcsError(
    'AUTH',
    `The service token is for ${tokenConfig.project}/${tokenConfig.config}, which is no environment of dcs.yaml.`,
    { hint: 'unset DOPPLER_TOKEN' },
  );
}

function byBranch(project: Project, { branch: local, ci, reading }: Circumstances): Choice {
  const branch = ci ? ci.branch : local;
  const found = branch === undefined ? undefined : ofBranch(project, branch);
  const why = `${ci ? `${ci.name} ` : ''}branch ${branch}`;
  if (found && (!found.protected || (ci && reading))) return [found, why];
  const fallback = defaultOf(project);
  return found
    ? [fallback, 'default', `default; ${branch} is ${found.name}, protected: name it with -e ${found.name}`]
    : [fallback, 'default'];
}

function ofBranch(project: Project, branch: string): ProjectEnvironment | undefined {
  const all = [...project.environments.values()];
  const said =
    all.find(({ branches }) => branches.includes(branch)) ??
    all.find(({ branches }) => branches.some((glob) => matchesBranch(glob, branch)));
  if (said) return said;
  if (['main', 'master', 'production'].includes(branch)) return ofKind(all, 'prod');
  return ofKind(all, branch === 'staging' || branch.startsWith('release/') ? 'staging' : 'dev');
}

const ofKind = (all: readonly ProjectEnvironment[], kind: Kind): ProjectEnvironment | undefined =>
  all.find(({ name }) => name === kind) ?? all.find(({ name }) => kindOf(name) === kind);

/** `*` stands for anything but a slash, `**` for anything. */
function matchesBranch(glob: string, branch: string): boolean {
  const parts = glob
    .split(/(\*\*?)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+^${}()|[\]\\?]/g, '\\$&')));
  return new RegExp(`^${parts.join('')}$`, 's').test(branch);
}

function defaultOf(project: Project): ProjectEnvironment {
  const all = [...project.environments.values()];
  const tries = [all.find((one) => one.default), ofKind(all, 'dev'), all.length === 1 ? all[0] : undefined];
  const found = tries.find((one) => one !== undefined && !one.protected);
  if (found) return found;
  throw new DcsError('USAGE', 'Which environment?', {
    why: `dcs.yaml has ${all.map((one) => one.name + (one.protected ? ' (protected)' : '')).join(', ')}, and none of them is a default. Nothing was read or written.`,
    hint: all.map(({ name }) => `-e ${name}`),
  });
}
