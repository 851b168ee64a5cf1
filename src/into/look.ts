import { isDcsError, type Environment } from 'dcs-sdk';
import type { SecretRule } from '../config/secret-rules.ts';
import type { DopplerSecret } from '../doppler/answers.ts';
import type { DopplerClient } from '../doppler/client.ts';
import { readSecrets, REFERENCE } from '../doppler/source.ts';
import type { Session } from '../session.ts';

/** One secret of a config, as far as Doppler tells. */
export interface Seen {
  readonly name: string;
  /** `withheld`: this token may not read it; `unresolved`: a reference leads nowhere; `missing`: dcs.yaml requires it. */
  readonly state: 'value' | 'withheld' | 'unresolved' | 'missing';
  readonly visibility: string | null;
  readonly note: string;
  /** Its value is made from others. */
  readonly reference: boolean;
  /** It comes from the root config of the environment. */
  readonly inherited: boolean;
  /** Of `secrets:` in dcs.yaml. */
  readonly owner?: string;
  readonly changed?: { readonly at: string; readonly by: string };
  readonly secret?: DopplerSecret;
}

export interface SeenConfig {
  readonly secrets: readonly Seen[];
  /** False: this token may not read the config's log. */
  readonly log: boolean;
}

/** How far back the log is read: one request an entry. */
const ENTRIES = 10;

/** Everything a config holds, and what dcs.yaml misses in it. Reads only. */
export async function seeConfig(session: Session, client: DopplerClient, environment: Environment): Promise<SeenConfig> {
  const { name, branchOf = name, doppler } = environment;
  const { project, config } = doppler;
  const [secrets, root, changes] = await Promise.all([
    readSecrets(client, project, config),
    rootOf(client, project, config),
    lastChanges(client, project, config),
  ]);
  const rules = session.project.secretRules;
  const held = [...secrets].map(([each, secret]) => seen(each, secret, root?.get(each), rules.get(each), changes?.get(each)));
  const missing = [...rules]
    .filter(([each, { required }]) => required.includes(branchOf) && !secrets.has(each))
    .map(([each, rule]): Seen => ({ ...NOTHING, name: each, ...ownerOf(rule) }));
  return { secrets: [...held, ...missing].toSorted((a, b) => (a.name < b.name ? -1 : 1)), log: changes !== undefined };
}

const NOTHING = { state: 'missing', visibility: null, note: '', reference: false, inherited: false } as const;
const ownerOf = (rule: SecretRule | undefined): { owner?: string } => (rule?.owner === undefined ? {} : { owner: rule.owner });

function seen(
  name: string,
  secret: DopplerSecret,
  root: DopplerSecret | undefined,
  rule: SecretRule | undefined,
  changed: Seen['changed'],
): Seen {
  const { raw, computed, visibility, note } = secret;
  const inherited = root !== undefined && root.raw === raw && root.visibility === visibility;
  return {
    name,
    state: computed === null ? 'withheld' : REFERENCE.test(computed) ? 'unresolved' : 'value',
    visibility,
    note,
    reference: raw !== null && REFERENCE.test(raw),
    inherited,
    ...ownerOf(rule),
    ...(changed === undefined ? {} : { changed }),
    secret,
  };
}

/** The secrets of the root that a branch config inherits from; undefined for a root, or where it cannot be read. */
export async function rootOf(
  client: DopplerClient,
  project: string,
  config: string,
): Promise<ReadonlyMap<string, DopplerSecret> | undefined> {
  const found = await allowed(client.config(project, config));
  return found === undefined || found.root ? undefined : allowed(readSecrets(client, project, found.environment));
}

/** Name -> its newest change; undefined: not for this token. */
async function lastChanges(
  client: DopplerClient,
  project: string,
  config: string,
): Promise<ReadonlyMap<string, { at: string; by: string }> | undefined> {
  const logs = await allowed(client.logs(project, config, ENTRIES));
  if (logs === undefined) return undefined;
  const changes = new Map<string, { at: string; by: string }>();
  for (const { at, user, names } of logs) for (const name of names) if (!changes.has(name)) changes.set(name, { at, by: user });
  return changes;
}

/** What a token may not see is not told; every other failure is one. */
export async function allowed<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isDcsError(error) && (error.details.status === 403 || error.details.status === 404 || error.code === 'AUTH')) return undefined;
    throw error;
  }
}
