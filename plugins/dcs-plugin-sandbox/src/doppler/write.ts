import { isObject, type Json, Refusal } from './gate.ts';
import { effective, MANAGED, resolve } from './resolve.ts';
import { type Config, type Diff, id, type Log, now, record, type Stored, USER, type Visibility, type World } from './state.ts';

type Secrets = Map<string, Stored>;

const NAME = /^[A-Z_][A-Z0-9_]{0,199}$/;
const VISIBILITIES = new Set(['masked', 'unmasked', 'restricted']);
/** https://docs.doppler.com/docs/platform-limits, last verified 2026-11-21. */
const LIMITS = { count: 1200, valueBytes: 50 * 1024, configBytes: 500 * 1024 };

function checkName(name: string): void {
  if ((MANAGED as readonly string[]).includes(name)) throw new Refusal(400, 'Unable to create/update secret with reserved name');
  if (!NAME.test(name))
    throw new Refusal(
      400,
      `Secret names may only contain uppercase letters, numbers and underscores, and must not start with a number: ${name.slice(0, 210)}`,
    );
}

function put(secrets: Secrets, name: string, value: unknown, before: Stored | undefined): void {
  if (typeof value !== 'string') throw new Refusal(400, `The value of secret "${name}" must be a string.`);
  secrets.set(name, { value, visibility: before?.visibility ?? 'masked', type: before?.type ?? 'string' });
}

/** `null` deletes, names left out stay. */
export function merge(shown: Secrets, own: Secrets, wanted: Json): void {
  for (const [name, value] of Object.entries(wanted)) {
    checkName(name);
    if (value === null) own.delete(name);
    else put(own, name, value, shown.get(name));
  }
}

function compare(change: Json, current: Stored | undefined): void {
  const name = String(change['name']);
  const { originalValue, originalVisibility } = change;
  if (
    originalValue !== undefined &&
    originalValue !== (current?.value ?? null) &&
    !(originalValue === null && typeof change['originalName'] === 'string')
  )
    throw new Refusal(400, `The secret "${name}" has changed since it was read.`);
  if (originalVisibility !== undefined && originalVisibility !== null && originalVisibility !== current?.visibility)
    throw new Refusal(400, `The visibility of secret "${name}" has changed since it was read.`);
}

/** One guarded change. `original*` must fit what is there, or the whole request is refused. */
export function applyChange(shown: Secrets, own: Secrets, root: Secrets, change: unknown): void {
  if (!isObject(change) || typeof change['name'] !== 'string') throw new Refusal(400, 'Each change request needs a name.');
  const { name, originalName, value, visibility, valueType } = change;
  const source = typeof originalName === 'string' ? originalName : name;
  checkName(name);
  const current = shown.get(source);
  const given = visibility !== undefined && visibility !== null;
  if (originalName === null && current !== undefined) throw new Refusal(400, `The secret "${name}" already exists.`);
  if (typeof originalName === 'string' && current === undefined) throw new Refusal(400, `The secret "${originalName}" does not exist.`);
  compare(change, current);
  if (change['shouldDelete'] === true || change['shouldConverge'] === true) {
    own.delete(source);
    return;
  }
  if (given && !(typeof visibility === 'string' && VISIBILITIES.has(visibility)))
    throw new Refusal(400, 'Please provide a valid visibility.');
  if (source !== name) own.delete(source);
  put(own, name, value ?? current?.value, current);
  const stored = own.get(name);
  if (stored === undefined) return;
  if (given) stored.visibility = visibility as Visibility;
  if (isObject(valueType) && typeof valueType['type'] === 'string') stored.type = valueType['type'];
  if (change['shouldPromote'] === true) root.set(name, { ...stored });
}

function checkLimits(shown: Secrets): void {
  if (shown.size > LIMITS.count) throw new Refusal(400, `A config holds at most ${LIMITS.count} secrets.`);
  let total = 0;
  for (const [name, { value }] of shown) {
    const bytes = Buffer.byteLength(value);
    if (bytes > LIMITS.valueBytes) throw new Refusal(400, `The value of secret "${name}" exceeds the maximum size of 50 KiB.`);
    total += bytes + name.length;
  }
  if (total > LIMITS.configBytes) throw new Refusal(400, 'The config exceeds the maximum size of 500 KiB.');
}

export function difference(before: Secrets, after: Secrets): Diff[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((name) => ({ name, added: after.get(name)?.value ?? null, removed: before.get(name)?.value ?? null }))
    .filter(({ name, added, removed }) => added !== removed || before.get(name)?.visibility !== after.get(name)?.visibility);
}

function log(world: World, config: Config, diff: Diff[], rollback: boolean): Log {
  const entry: Log = { id: id(), text: rollback ? 'Rolled back secrets' : 'Modified secrets', created: now(), user: USER, rollback, diff };
  config.logs.unshift(entry);
  record(world, `${entry.text} in ${config.project} ${config.name}`, config);
  return entry;
}

const copy = (secrets: Secrets): Secrets => new Map([...secrets].map(([name, stored]) => [name, { ...stored }]));

/** All of `change` or nothing of it: limits and references are checked on the outcome. */
export function transact(
  world: World,
  config: Config,
  change: (shown: Secrets, own: Secrets, root: Secrets) => void,
  rollback = false,
): Log | undefined {
  const root = world.projects.get(config.project)?.configs.get(config.environment) ?? config;
  const before = { shown: effective(world, config), own: config.secrets, root: root.secrets };
  const own = copy(config.secrets);
  const rootSecrets = root === config ? own : copy(root.secrets);
  change(before.shown, own, rootSecrets);
  config.secrets = own;
  root.secrets = rootSecrets;
  const after = effective(world, config);
  const diff = difference(before.shown, after);
  try {
    checkLimits(after);
    for (const { name, added } of rollback ? [] : diff) {
      const dangling = added === null ? undefined : resolve(world, config, name, added).dangling[0];
      if (dangling !== undefined) throw new Refusal(400, `The secret "${name}" cannot resolve the reference ${dangling}.`);
    }
  } catch (error) {
    config.secrets = before.own;
    root.secrets = before.root;
    throw error;
  }
  return diff.length === 0 && !rollback ? undefined : log(world, config, diff, rollback);
}
