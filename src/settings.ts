import { DcsError } from 'dcs-sdk';
import type { Path } from './config/document.ts';
import { nearest } from './config/nearest.ts';
import type { Session } from './session.ts';

/** One setting as it counts here: what `dcs config get` and `explain` show. Never a secret. */
export interface Setting {
  /** `targets.api.policy` */
  readonly key: string;
  readonly value: unknown;
  /** `dcs.yaml:12:5`, `DCS_ENV`, `default`. */
  readonly from: string;
  /** Who else says something about it, and does not count. */
  readonly beats: readonly string[];
}

/** Its value is read late: a variable that one setting misses is no error of another. */
interface Known extends Omit<Setting, 'value'> {
  readonly read: () => unknown;
}

const setting = ({ key, from, beats, read }: Known): Setting => ({ key, value: read(), from, beats });

/** Every setting of this directory, in the order of the documents. */
export const settingsOf = (session: Session): readonly Setting[] => known(session).map(setting);

function known(session: Session): readonly Known[] {
  return [...environmentSettings(session), ...projectSettings(session), ...personSettings(session), ...machineSettings(session)];
}

function environmentSettings(session: Session): Known[] {
  const { name, why } = session.choose(true);
  return [{ key: 'environment', read: () => name, from: why, beats: [] }];
}

function projectSettings({ project }: Session): Known[] {
  const one = (path: Path, read: () => unknown, short: Path = path): Known => {
    return { key: path.join('.'), read, from: project.written(path) ?? project.written(short) ?? 'default', beats: [] };
  };
  const environments = [...project.environments.values()].flatMap((each) => [
    one(['doppler', 'configs', each.name], () => each.config),
    one(['environments', each.name, 'branches'], () => each.branches),
    one(['environments', each.name, 'protected'], () => each.protected),
    one(['environments', each.name, 'default'], () => each.default),
    one(['ledger', each.name], () => project.ledger(each.name), ['ledger']),
  ]);
  const targets = [...project.targets.values()].flatMap((entry) => [
    one(['targets', entry.name, 'type'], () => entry.type),
    ...(['include', 'exclude', 'prefix', 'policy', 'existing', 'shared'] as const).map((key) =>
      one(['targets', entry.name, key], () => entry[key]),
    ),
    one(['targets', entry.name, 'rename'], () => Object.fromEntries(entry.rename)),
    ...Object.entries(entry.raw).map(([key, value]) => one(['targets', entry.name, key], () => value)),
  ]);
  return [
    one(['project'], () => project.name),
    one(['doppler', 'project'], () => project.doppler.project, ['doppler']),
    ...environments,
    ...targets,
  ];
}

function personSettings({ project, user, identity }: Session): Known[] {
  const team = project.written(['defaults', 'strict']);
  const own = user.defaults.strict === undefined ? undefined : user.file;
  const [from = 'default', ...beats] = [team, own].filter((place) => place !== undefined);
  return [
    { key: 'defaults.strict', read: () => project.defaults.strict ?? user.defaults.strict ?? false, from, beats },
    { key: 'identity', read: () => identity?.name ?? null, from: identity === undefined ? 'default' : user.file, beats: [] },
  ];
}

/** Flags that have a variable, and the vendor's host. */
function machineSettings({ env, dopplerHost }: Session): Known[] {
  const variable = (key: string, name: string, otherwise: unknown): Known => {
    const set = env[name] !== undefined && env[name] !== '';
    return { key, read: () => (set ? env[name] : otherwise), from: set ? name : 'default', beats: [] };
  };
  return [
    { ...variable('doppler.host', 'DOPPLER_API_HOST', dopplerHost), read: () => dopplerHost },
    variable('config-file', 'DCS_CONFIG_FILE', null),
    variable('max-age', 'DCS_MAX_AGE', null),
    variable('no-input', 'DCS_NO_INPUT', false),
  ];
}

/** Throws USAGE with the nearest key where there is none of that name. */
export function settingNamed(session: Session, key: string): Setting {
  const all = known(session);
  const found = all.find((each) => each.key === key);
  if (found) return setting(found);
  const near = nearest(
    key,
    all.map((each) => each.key),
  );
  throw new DcsError('USAGE', `There is no setting "${key}".`, {
    hint: near === undefined ? 'dcs config explain     lists them' : `did you mean ${near}?`,
  });
}

/** For people, on one line. */
export const shownValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
