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

/** Every setting of this directory, in the order of the documents. */
export function settingsOf(session: Session): readonly Setting[] {
  return [...environmentSettings(session), ...projectSettings(session), ...personSettings(session), ...machineSettings(session)];
}

function environmentSettings(session: Session): Setting[] {
  const { name, why } = session.choose(true);
  return [{ key: 'environment', value: name, from: why, beats: [] }];
}

function projectSettings({ project }: Session): Setting[] {
  const one = (path: Path, value: unknown, short: Path = path): Setting => {
    return { key: path.join('.'), value, from: project.written(path) ?? project.written(short) ?? 'default', beats: [] };
  };
  const environments = [...project.environments.values()].flatMap(
    ({ name, config, branches, protected: isProtected, default: isDefault }) => [
      one(['doppler', 'configs', name], config),
      one(['environments', name, 'branches'], branches),
      one(['environments', name, 'protected'], isProtected),
      one(['environments', name, 'default'], isDefault),
      one(['ledger', name], project.ledger(name), ['ledger']),
    ],
  );
  const targets = [...project.targets.values()].flatMap((entry) => [
    one(['targets', entry.name, 'type'], entry.type),
    ...(['include', 'exclude', 'prefix', 'policy', 'existing', 'shared'] as const).map((key) =>
      one(['targets', entry.name, key], entry[key]),
    ),
    one(['targets', entry.name, 'rename'], Object.fromEntries(entry.rename)),
    ...Object.entries(entry.raw).map(([key, value]) => one(['targets', entry.name, key], value)),
  ]);
  return [one(['project'], project.name), one(['doppler', 'project'], project.doppler.project, ['doppler']), ...environments, ...targets];
}

function personSettings({ project, user, identity }: Session): Setting[] {
  const team = project.written(['defaults', 'strict']);
  const own = user.defaults.strict === undefined ? undefined : user.file;
  const [from = 'default', ...beats] = [team, own].filter((place) => place !== undefined);
  return [
    { key: 'defaults.strict', value: project.defaults.strict ?? user.defaults.strict ?? false, from, beats },
    { key: 'identity', value: identity?.name ?? null, from: identity === undefined ? 'default' : user.file, beats: [] },
  ];
}

/** Flags that have a variable, and the vendor's host. */
function machineSettings({ env, dopplerHost }: Session): Setting[] {
  const variable = (key: string, name: string, otherwise: unknown): Setting => {
    const set = env[name] !== undefined && env[name] !== '';
    return { key, value: set ? env[name] : otherwise, from: set ? name : 'default', beats: [] };
  };
  return [
    { ...variable('doppler.host', 'DOPPLER_API_HOST', dopplerHost), value: dopplerHost },
    variable('config-file', 'DCS_CONFIG_FILE', null),
    variable('max-age', 'DCS_MAX_AGE', null),
    variable('no-input', 'DCS_NO_INPUT', false),
  ];
}

/** Throws USAGE with the nearest key where there is none of that name. */
export function settingNamed(session: Session, key: string): Setting {
  const all = settingsOf(session);
  const found = all.find((setting) => setting.key === key);
  if (found) return found;
  const near = nearest(
    key,
    all.map((setting) => setting.key),
  );
  throw new DcsError('USAGE', `There is no setting "${key}".`, {
    hint: near === undefined ? 'dcs config explain     lists them' : `did you mean ${near}?`,
  });
}

/** For people, on one line. */
export const shownValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
