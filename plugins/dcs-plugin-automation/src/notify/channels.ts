import { DcsError, type Host } from 'dcs-sdk';
import { EVENTS, type Notice, type NoticeEvent } from './notice.ts';

const TYPES = ['slack', 'webhook', 'email', 'pagerduty'] as const;
const DIGESTS = ['hourly', 'daily'] as const;

/** One entry of `notifications:`: what it hears. Where it goes is said by variables, which no repository can set. */
export interface Channel {
  readonly name: string;
  readonly type: (typeof TYPES)[number];
  readonly environments: readonly string[] | undefined;
  readonly targets: readonly string[] | undefined;
  readonly events: readonly NoticeEvent[];
  readonly names: 'list' | 'count';
  readonly digest: (typeof DIGESTS)[number] | undefined;
}

const KEYS = new Set(['type', 'environments', 'targets', 'events', 'names', 'digest']);
const HEARD: readonly NoticeEvent[] = ['synced', 'failed', 'refused', 'drifted'];
const TROUBLE: readonly NoticeEvent[] = ['failed', 'refused', 'drifted'];

/** `DCS_NOTIFY_OPS_URL` of the channel `ops`. */
export const variable = (channel: Pick<Channel, 'name'>, what: string): string =>
  `DCS_NOTIFY_${channel.name.toUpperCase().replaceAll('-', '_')}_${what}`;

type At = (path: readonly (string | number)[]) => string;

class Entry {
  readonly name: string;
  readonly #raw: ReadonlyMap<string, unknown>;
  readonly #at: At;
  constructor(name: string, raw: Readonly<Record<string, unknown>>, at: At) {
    this.name = name;
    this.#raw = new Map(Object.entries(raw));
    this.#at = at;
  }

  get keys(): Iterable<string> {
    return this.#raw.keys();
  }

  wrong(key: string | undefined, words: string): DcsError {
    const path = key === undefined ? [this.name] : [this.name, key];
    return new DcsError('CONFIG', `${this.#at(path)}: notifications.${path.join('.')} ${words}.`, { hint: 'see docs/notifications.md' });
  }

  oneOf<T extends string>(key: string, known: readonly T[]): T | undefined {
    const value = this.#raw.get(key);
    if (value === undefined) return undefined;
    const found = known.find((each) => each === value);
    if (found === undefined) throw this.wrong(key, `is one of ${known.join(', ')}`);
    return found;
  }

  listOf<T extends string>(key: string, known?: readonly T[]): readonly T[] | undefined {
    const value = this.#raw.get(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.length === 0 || !value.every((each): each is T => typeof each === 'string'))
      throw this.wrong(key, 'is a list of names');
    const stranger = known && value.find((each) => !known.includes(each));
    if (stranger !== undefined) throw this.wrong(key, `has no ${stranger}: ${known?.join(', ')}`);
    return value;
  }
}

function channelOf(entry: Entry, environments: readonly string[]): Channel {
  const { name } = entry;
  if (!/^[a-z][a-z0-9_-]{0,39}$/i.test(name)) throw entry.wrong(undefined, 'is no name for a variable: letters, digits, - and _');
  for (const key of entry.keys) if (!KEYS.has(key)) throw entry.wrong(key, `is unknown: ${[...KEYS].join(', ')}`);
  const type = entry.oneOf('type', TYPES);
  if (type === undefined) throw entry.wrong('type', `is missing: ${TYPES.join(', ')}`);
  const digest = entry.oneOf('digest', DIGESTS);
  if (digest !== undefined && type !== 'email') throw entry.wrong('digest', 'is for e-mail');
  const heard = type === 'pagerduty' ? TROUBLE : HEARD;
  return {
    name,
    type,
    environments: entry.listOf('environments', environments),
    targets: entry.listOf('targets'),
    events: entry.listOf('events', type === 'pagerduty' ? TROUBLE : EVENTS) ?? heard,
    names: entry.oneOf('names', ['list', 'count']) ?? 'list',
    digest,
  };
}

/** The channels of dcs.yaml. Throws CONFIG for what they cannot be. */
export async function channelsOf(host: Host): Promise<readonly Channel[]> {
  const { notifications } = host;
  if (notifications === undefined) return [];
  const environments = (await host.environments()).map(({ name }) => name);
  const seen = new Map<string, string>();
  return Object.entries(notifications.channels).map(([name, raw]) => {
    const entry = new Entry(name, raw, (path) => notifications.at(path));
    const channel = channelOf(entry, environments);
    const known = seen.get(variable(channel, ''));
    if (known !== undefined) throw entry.wrong(undefined, `has the variables of ${known}`);
    seen.set(variable(channel, ''), name);
    return channel;
  });
}

/** Whether it hears of that at all. What ends an incident is for those who opened it. */
export function hears(channel: Channel, notice: Notice): boolean {
  const { environments, targets, events, type } = channel;
  const wanted = events.includes(notice.event) || (type === 'pagerduty' && (notice.event === 'synced' || notice.event === 'in-sync'));
  return (
    wanted &&
    (environments === undefined || environments.includes(notice.environment)) &&
    (targets === undefined || notice.target === undefined || targets.includes(notice.target))
  );
}
