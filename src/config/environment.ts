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
  const { branchOf } = chosen;
  const mark = chosen.protected ? ' (protected)' : chosen.unprotected ? ' UNPROTECTED' : '';
  const line = `${now.sandbox ? 'SANDBOX · ' : ''}${chosen.name}${mark} · Doppler ${doppler.project}/${doppler.config} · ${long ?? why}`;
  return { name: chosen.name, protected: chosen.protected, why, doppler, line, ...(branchOf === undefined ? {} : { branchOf }) };
}

type Chosen = ProjectEnvironment & { readonly branchOf?: string };
type Choice = readonly [Chosen, why: string, long?: string];

function typed(project: Project, { flag, env, tokenConfig }: Circumstances): Choice | undefined {
  const word = flag ?? (env['DCS_ENV'] || undefined);
  if (word === undefined) return undefined;
  const how = flag === undefined ? 'DCS_ENV' : '-e';
  const branch = branchConfig(project, word);
  const found = branch ?? named(project, word);
  // A service token bears the slug of the environment, also one for a branch config.
  const root = branch === undefined ? found.config : named(project, branch.branchOf).config;
  if (tokenConfig && (tokenConfig.config !== root || tokenConfig.project !== project.doppler.project))
    throw new DcsError(
      'AUTH',
      `${how} says ${found.name} (${project.doppler.project}/${found.config}); the service token is for ${tokenConfig.project}/${tokenConfig.config}.`,
      {
        why: 'A service token fixes the environment. Nothing was read or written.',
        hint: ['unset DOPPLER_TOKEN', `or leave ${how} out`],
      },
    );
  return branch === undefined ? [found, how] : [branch, how, `${how}, a config of ${branch.branchOf}`];
}

/**
 * `dev_checkout` and `dev_personal` belong to the environment whose config is `dev`: https://docs.doppler.com/docs/branch-configs (last
 * verified 2026-11-21). An environment of dcs.yaml that bears the word comes first.
 */
function branchConfig(project: Project, word: string): (Chosen & { readonly branchOf: string }) | undefined {
  const all = [...project.environments.values()];
  if (!/^[a-z0-9_-]+$/.test(word) || all.some(({ name, config }) => name === word || config === word)) return undefined;
  const roots = all.filter(({ config }) => word.startsWith(`${config}_`) && word.length > config.length + 1);
  const [root] = roots.toSorted((a, b) => b.config.length - a.config.length);
  return root && { ...root, name: word, config: word, default: false, branches: [], branchOf: root.name };
}

/** By its name, its Doppler config, or a synonym such as `prd`. `said`: where the word stands, for the error. */
export function named(project: Project, word: string, said = ''): ProjectEnvironment {
  const all = [...project.environments.values()];
  const found = matching(project, word);
  if (found.length === 1) return found[0]!;
  throw new DcsError(
    'CONFIG',
    found.length === 0
      ? `There is no environment "${word}"${said}.`
      : `"${word}"${said} may mean ${found.map(({ name }) => name).join(' or ')}.`,
    {
      why: `dcs.yaml has ${all.map(({ name }) => name).join(', ')}.`,
      hint: 'dcs context',
    },
  );
}

/** All that the word may mean. */
export function matching(project: Project, word: string): readonly ProjectEnvironment[] {
  const all = [...project.environments.values()];
  const exact = project.environments.get(word);
  const kind = kindOf(word);
  const tries = [
    exact ? [exact] : [],
    all.filter(({ config }) => config === word),
    kind === undefined ? [] : all.filter(({ name }) => kindOf(name) === kind),
  ];
  return tries.find((one) => one.length > 0) ?? [];
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

function byBranch(project: Project, { env, branch: local, ci, reading }: Circumstances): Choice {
  const branch = ci ? ci.branch : env['DCS_AUTO_ENV'] === '0' ? undefined : local;
  const word = branch === undefined ? undefined : mappedBranch(env, branch);
  const mapped = word === undefined ? undefined : named(project, word, ` (DCS_BRANCH_MAP, branch ${branch})`);
  const found = mapped ?? (branch === undefined ? undefined : ofBranch(project, branch));
  const why = `${ci ? `${ci.name} ` : ''}branch ${branch}${mapped ? ' (DCS_BRANCH_MAP)' : ''}`;
  if (found && (!found.protected || (ci && reading))) return [found, why];
  const fallback = defaultOf(project);
  return found
    ? [fallback, 'default', `default; ${branch} is ${found.name}, protected: name it with -e ${found.name}`]
    : [fallback, 'default'];
}

/** `qa=stg,test=dev`; as the shells' own map it arrives in DCS_BRANCH_PAIRS (they cannot export one). */
function mappedBranch(env: Env, branch: string): string | undefined {
  const pairs = (env['DCS_BRANCH_MAP'] || env['DCS_BRANCH_PAIRS'] || '').split(/[\s,]+/);
  return pairs.map((pair) => /^([^=]+)=(.+)$/.exec(pair)).find((pair) => pair?.[1] === branch)?.[2];
}

/** A branch of this form is of this environment, if there is one of that kind. */
export interface BranchRule {
  /** A regular expression that JavaScript, POSIX, PCRE and .NET read alike. */
  readonly pattern: string;
  readonly environment: ProjectEnvironment | undefined;
}

/** In the order they are asked: exact names, globs, the default table. The first that fits answers. */
export function branchRules(project: Project): readonly BranchRule[] {
  const all = [...project.environments.values()];
  const said = all.flatMap((environment) => environment.branches.map((branch) => ({ branch, environment })));
  return [
    ...said.map(({ branch, environment }) => ({ pattern: `^${literal(branch)}$`, environment })),
    ...said.map(({ branch, environment }) => ({ pattern: globPattern(branch), environment })),
    { pattern: '^(main|master|production)$', environment: ofKind(all, 'prod') },
    { pattern: '^(staging$|release/)', environment: ofKind(all, 'staging') },
    { pattern: '^.', environment: ofKind(all, 'dev') },
  ];
}

function ofBranch(project: Project, branch: string): ProjectEnvironment | undefined {
  return branchRules(project).find(({ pattern }) => new RegExp(pattern, 's').test(branch))?.environment;
}

const ofKind = (all: readonly ProjectEnvironment[], kind: Kind): ProjectEnvironment | undefined =>
  all.find(({ name }) => name === kind) ?? all.find(({ name }) => kindOf(name) === kind);

const literal = (text: string): string => text.replace(/[.+^$*?{()|[\\]/g, '\\$&');

/** `*` stands for anything but a slash, `**` for anything. */
function globPattern(glob: string): string {
  const parts = glob.split(/(\*\*?)/).map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : literal(part)));
  return `^${parts.join('')}$`;
}

/** The one for when nothing else answers; never a protected one. */
export function defaultOf(project: Project): ProjectEnvironment {
  const all = [...project.environments.values()];
  const tries = [all.find((one) => one.default), ofKind(all, 'dev'), all.length === 1 ? all[0] : undefined];
  const found = tries.find((one) => one !== undefined && !one.protected);
  if (found) return found;
  throw new DcsError('USAGE', 'Which environment?', {
    why: `dcs.yaml has ${all.map((one) => one.name + (one.protected ? ' (protected)' : '')).join(', ')}, and none of them is a default. Nothing was read or written.`,
    hint: all.map(({ name }) => `-e ${name}`),
  });
}
