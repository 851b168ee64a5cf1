import { DcsError, type Env, type Environment, type Policy, type Source, type TargetDefinition } from 'dcs-sdk';
import type { TargetEntry } from './config/project.ts';
import type { PluginEntry } from './config/targets.ts';
import type { Job } from './engine/job.ts';
import { compileTransforms } from './engine/transform/compile.ts';
import type { ShapeRules } from './engine/shape.ts';
import type { LedgerKeys } from './engine/ledger-types.ts';
import { nearest } from './config/nearest.ts';
import { shortName } from './plugins/names.ts';
import { sharedRecord } from './record.ts';
import { OFFICIAL, type Registration } from './registry.ts';
import { refuseMixedHosts, titleOf, type Session } from './session.ts';

export interface Filters {
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly prune: boolean;
}

export interface Selection {
  readonly jobs: readonly Job[];
  readonly keys: LedgerKeys;
  readonly entries: readonly TargetEntry[];
}

/** `dcs sync cloudflare` means a type where there is one: a target of that name and another type would never be meant by it. */
export function refuseNamesOfTypes({ project, registry }: Session): void {
  for (const { name, type } of project.targets.values())
    if (name !== type && (registry.targets.has(name) || OFFICIAL.has(name)))
      throw new DcsError('CONFIG', `${project.at(['targets', name])}: ${name} is the name of a type, and this target is of type ${type}.`, {
        hint: 'give the target another name',
      });
}

/** The targets that the words name: a target's name, else a type; none: all that take this environment. */
export function chooseTargets(session: Session, words: readonly string[], environment: string): TargetEntry[] {
  refuseNamesOfTypes(session);
  const { targets } = session.project;
  const all = [...targets.values()];
  const takes = all.filter(({ environments }) => environments.includes(environment));
  if (words.length === 0) {
    if (takes.length > 0) return takes;
    throw new DcsError('CONFIG', all.length === 0 ? 'dcs.yaml names no target.' : `No target takes ${environment}.`, {
      why:
        all.length === 0
          ? 'There is nothing to send secrets to.'
          : `Targets take: ${all.map(({ name, environments }) => `${name} (${environments.join(', ')})`).join(', ')}.`,
      hint:
        all.length > 0
          ? 'dcs context'
          : session.project.workspace
            ? 'the same with --all'
            : 'dcs init     finds the clouds of this repository',
    });
  }
  const chosen = new Set<TargetEntry>();
  for (const word of words) {
    const named = targets.get(word);
    const found = named ? [named] : all.filter(({ type }) => type === word);
    if (found.length === 0) throw unknownTarget(session, word);
    const here = found.filter(({ environments }) => environments.includes(environment));
    if (here.length === 0)
      throw new DcsError('CONFIG', `${word} does not take ${environment}.`, {
        why: `It takes ${[...new Set(found.flatMap(({ environments }) => environments))].join(', ')}.`,
        hint: 'dcs context',
      });
    for (const entry of here) chosen.add(entry);
  }
  return [...chosen];
}

function unknownTarget({ project, registry }: Session, word: string): DcsError {
  const names = [...project.targets.keys()];
  if (registry.targets.has(word) || OFFICIAL.has(word))
    return new DcsError('USAGE', `dcs.yaml has no target of type ${word}.`, { hint: `dcs provision ${word}` });
  const near = nearest(word, names);
  return new DcsError('USAGE', `There is no target "${word}".`, {
    why: `dcs.yaml names ${names.join(', ') || 'none'}.`,
    ...(near === undefined ? { hint: 'dcs targets' } : { hint: `did you mean ${near}?` }),
  });
}

export async function definitionOf(session: Session, { name, type }: TargetEntry): Promise<TargetDefinition<never>> {
  const registration: Registration<TargetDefinition<never>> | undefined = session.registry.targets.get(type);
  if (registration) return registration.load();
  const official = OFFICIAL.get(type);
  const near = nearest(type, [...session.registry.targets.keys(), ...OFFICIAL.keys()]);
  throw new DcsError(
    official ? 'USAGE' : 'CONFIG',
    `${session.project.at(['targets', name])}: no plugin brings the target type "${type}".`,
    {
      why: `Target ${name} cannot be read or written without it. Nothing was written.`,
      hint: official ? `dcs plugins install ${shortName(official.plugin)}` : near === undefined ? 'dcs targets' : `did you mean ${near}?`,
    },
  );
}

/** Validated options of one entry in one environment; errors name the place in dcs.yaml. */
export async function optionsOf(
  session: Session,
  entry: PluginEntry,
  environment: string,
  definition: Pick<TargetDefinition<never>, 'type' | 'keys' | 'options'>,
): Promise<never> {
  refuseVariables(session, entry, environment);
  const raw = entry.optionsFor(environment);
  const unknown = Object.keys(raw).find((key) => !definition.keys.includes(key));
  if (unknown !== undefined) {
    const near = nearest(unknown, definition.keys);
    throw new DcsError(
      'CONFIG',
      `${session.project.at([entry.section, entry.name, unknown])}: ${definition.type} has no key "${unknown}".`,
      {
        hint: near === undefined ? `its keys: ${definition.keys.join(', ')}` : `did you mean ${near}?`,
      },
    );
  }
  const result = await definition.options['~standard'].validate(raw);
  if (!result.issues) return result.value as never;
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  throw new DcsError(
    'CONFIG',
    `${session.project.at([entry.section, entry.name, ...path])}: ${[entry.name, ...path].join('.')}: ${issue?.message ?? 'is not valid'}`,
    {
      hint: 'dcs config show',
    },
  );
}

/** Whoever sets a variable would choose where production's secrets go. */
function refuseVariables({ project }: Session, entry: PluginEntry, environment: string): void {
  const [key] = entry.variable(environment);
  if (key === undefined || project.environments.get(environment)?.protected !== true) return;
  throw new DcsError(
    'CONFIG',
    `${project.at([entry.section, entry.name, key])}: ${environment} is protected, and ${entry.name}.${key} is a variable.`,
    {
      why: 'Whoever sets the variable would choose where its secrets go. Nothing was written.',
      hint: `write the value itself, for ${environment}: ${key}: {${environment}: ...}`,
    },
  );
}

export async function makeJobs(
  session: Session,
  environment: Environment,
  source: Source,
  entries: readonly TargetEntry[],
  filters: Filters,
): Promise<Selection> {
  const definitions = await Promise.all(entries.map((entry) => definitionOf(session, entry)));
  refuseMixedHosts(
    session.dopplerHost,
    definitions.map((definition) => ({ name: definition.title, endpoint: definition.endpoint(session.env) })),
  );
  const { keys, home } = await sharedRecord(session, environment);
  const credentials = await credentialNames(session);
  const jobs = await Promise.all(
    entries.map(async (entry, index): Promise<Job> => {
      const definition = definitions[index]!;
      const options = await optionsOf(session, entry, environment.name, definition);
      const endpoint = definition.endpoint(session.env);
      return {
        name: titleOf(session, entry.name),
        environment: environment.name,
        definition: { ...definition, check: (name, secret) => definition.check?.(name, secret, options) },
        target: definition.connect(options, session.context(definition.title, endpoint)),
        place: placeOf(definition, options, session.env, entry.singleValue ? '*' : environment.name),
        owner: source.identity,
        settings: { policy: policyOf(entry.policy, filters.prune), existing: entry.existing },
        rules: {
          ...(await shapeOf(entry, credentials)),
          ...(filters.only.length > 0 ? { only: new Set(filters.only) } : {}),
          ...(filters.except.length > 0 ? { except: new Set(filters.except) } : {}),
        },
        home,
        keys,
      };
    }),
  );
  return { jobs, keys, entries };
}

/** An entry with one value for all environments has one ledger: the second environment meets the identity guard. */
export function placeOf(definition: TargetDefinition<never>, options: never, env: Env, environment: string): string {
  return [new URL(definition.endpoint(env)).origin, definition.type, definition.place(options), environment].join('|');
}

function policyOf(policy: Policy, prune: boolean): Policy {
  return prune && policy === 'upsert-only' ? 'mirror' : policy;
}

/** Which names an entry of dcs.yaml takes, and what it calls them. */
export async function rulesOf(session: Session, entry: TargetEntry): Promise<ShapeRules> {
  return shapeOf(entry, await credentialNames(session));
}

const shapeOf = async (
  { include, exclude, transform, rename, prefix }: TargetEntry,
  credentials: ReadonlySet<string>,
): Promise<ShapeRules> => ({
  include,
  exclude,
  transforms: await compileTransforms(transform),
  rename,
  prefix,
  credentials,
});

/** Every name that some installed plugin signs in with. */
async function credentialNames({ registry }: Session): Promise<ReadonlySet<string>> {
  const definitions = await Promise.all(
    [...registry.targets.values(), ...registry.sources.values()].map(async (registration) => {
      if (registry.credentials.has(registration.plugin)) return undefined;
      try {
        return await registration.load();
      } catch {
        return undefined; // a broken plugin fails where it is used, and doctor names it
      }
    }),
  );
  return new Set([...registry.credentials.values(), ...definitions.map((definition) => definition?.credentials ?? [])].flat());
}
