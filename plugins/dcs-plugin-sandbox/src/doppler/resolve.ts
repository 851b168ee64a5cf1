import type { Config, Stored, Token, World } from './state.ts';

export const MANAGED = ['DOPPLER_CONFIG', 'DOPPLER_ENVIRONMENT', 'DOPPLER_PROJECT'] as const;

function managed(config: Config): [string, Stored][] {
  const values = [config.name, config.environment, config.project];
  return MANAGED.map((name, index) => [name, { value: values[index] ?? '', visibility: 'unmasked', type: 'string' }]);
}

/** Its own secrets over those of its root, without the managed ones. */
export function effective(world: World, config: Config): Map<string, Stored> {
  const root = config.root ? undefined : world.projects.get(config.project)?.configs.get(config.environment);
  return new Map([...(root?.secrets ?? []), ...config.secrets]);
}

export function everything(world: World, config: Config): Map<string, Stored> {
  return new Map([...effective(world, config), ...managed(config)]);
}

function target(world: World, config: Config, reference: string): { config: Config; name: string; stored: Stored } | undefined {
  const [project, slug, name] = reference.includes('.') ? reference.split('.') : [config.project, config.name, reference];
  const found = world.projects.get(project ?? '')?.configs.get(slug ?? '');
  if (found === undefined || name === undefined) return undefined;
  const stored = everything(world, found).get(name);
  return stored === undefined ? undefined : { config: found, name, stored };
}

const REFERENCE = /\$\{([A-Za-z0-9_.-]+)\}/g;

export interface Resolved {
  value: string;
  /** The references that lead nowhere or in a circle: they stay in the value as they are written. */
  dangling: string[];
}

export function resolve(world: World, config: Config, name: string, raw: string, seen: readonly string[] = []): Resolved {
  const dangling: string[] = [];
  const path = [...seen, `${config.project}.${config.name}.${name}`];
  const value = raw.replaceAll(REFERENCE, (literal: string, reference: string) => {
    const found = target(world, config, reference);
    if (found === undefined || path.includes(`${found.config.project}.${found.config.name}.${found.name}`)) {
      dangling.push(literal);
      return literal;
    }
    const inner = resolve(world, found.config, found.name, found.stored.value, path);
    dangling.push(...inner.dangling);
    return inner.value;
  });
  return { value, dangling };
}

/** What one secret looks like to `token`: restricted ones give no value to people, only to machines. */
export function view(world: World, config: Config, token: Token, name: string, stored: Stored): Record<string, unknown> {
  const hidden = stored.visibility === 'restricted' && (token.kind === 'pt' || token.kind === 'ct');
  const type = { type: stored.type };
  return {
    raw: hidden ? null : stored.value,
    computed: hidden ? null : resolve(world, config, name, stored.value).value,
    note: world.projects.get(config.project)?.notes.get(name) ?? '',
    rawVisibility: stored.visibility,
    computedVisibility: stored.visibility,
    rawValueType: type,
    computedValueType: type,
  };
}
