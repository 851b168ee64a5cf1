import { DcsError, GIT_HOOKS, TRIGGER_TYPES, type Trigger } from 'dcs-sdk';
import { nearest } from './nearest.ts';
import type { Path } from './document.ts';
import type { Config } from './schema.ts';

interface Around {
  readonly environments: readonly string[];
  readonly targets: ReadonlySet<string>;
  at(path: Path): string;
}

/** `triggers:`, and the `sync.triggers` of a first-version file. `notices`: of the latter, those that mean nothing here. */
export function makeTriggers(
  config: Config,
  around: Around,
): { readonly triggers: readonly Trigger[]; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const former = (config.sync?.triggers ?? []).flatMap((raw, index) => {
    const trigger = formerTrigger(raw);
    if (trigger === undefined)
      notices.push(`${around.at(['sync', 'triggers', index])}: is a trigger of the first version that starts nothing here.`);
    return trigger === undefined ? [] : [{ trigger, path: ['sync', 'triggers', index] }];
  });
  const own = (config.triggers ?? []).map((trigger, index) => ({ trigger, path: ['triggers', index] }));
  const triggers = [...own, ...former].map(({ trigger, path }) => checked(trigger, path, around));
  return { triggers, notices };
}

type ReadTrigger = NonNullable<Config['triggers']>[number];

/** Read without the schema: that would load its library at every start. Undefined: it says something else than `triggers:` may. */
function formerTrigger(raw: Readonly<Record<string, unknown>>): ReadTrigger | undefined {
  const { type, environment: one, target: environment = one, targets: some, platforms: targets = some, hooks, ...other } = raw;
  const listed = (value: unknown, known?: readonly unknown[]): boolean =>
    value === undefined ||
    (Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string' && (known?.includes(word) ?? true)));
  const fits =
    TRIGGER_TYPES.some((each) => each === type) &&
    typeof environment === 'string' &&
    listed(targets) &&
    listed(hooks, GIT_HOOKS) &&
    Object.keys(other).length === 0;
  return fits ? ({ type, environment, targets, hooks } as ReadTrigger) : undefined;
}

function checked({ type, environment, targets, hooks }: ReadTrigger, path: Path, around: Around): Trigger {
  if (!around.environments.includes(environment))
    throw unknown(`${around.at([...path, 'environment'])}: there is no environment "${environment}".`, environment, around.environments);
  const stray = targets?.find((name) => !around.targets.has(name));
  if (stray !== undefined) throw unknown(`${around.at([...path, 'targets'])}: there is no target "${stray}".`, stray, around.targets);
  if (hooks !== undefined && type !== 'git-hook')
    throw new DcsError('CONFIG', `${around.at([...path, 'hooks'])}: only a git-hook trigger has hooks.`);
  return { type, environment, ...(targets === undefined ? {} : { targets }), ...(hooks === undefined ? {} : { hooks }) };
}

function unknown(message: string, word: string, known: Iterable<string>): DcsError {
  const near = nearest(word, known);
  return new DcsError('CONFIG', message, { hint: near === undefined ? 'dcs context' : `did you mean ${near}?` });
}
