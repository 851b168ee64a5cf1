import { EVENTS, type Notice, type NoticeEvent } from './notice.ts';

/** Of more only the number is told. */
const FEW = 20;

const WORD: Record<NoticeEvent, string> = {
  synced: 'synced',
  'in-sync': 'in sync',
  failed: 'failed',
  refused: 'refused',
  drifted: 'drifted',
};

/** What a line must not contain; names and messages come from elsewhere. */
// eslint-disable-next-line no-control-regex
const flat = (text: string): string => text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, ' ');

/** How a channel with `names: count` hears it: a message may name secrets too. */
export function counted(notice: Notice): Notice & { readonly count?: number } {
  const { names, message: _, ...rest } = notice;
  return { ...rest, ...(names === undefined ? {} : { count: names.length }) };
}

export type Told = Notice & { readonly count?: number };

/** `synced 3 names`, `refused`. */
export function what(notice: Told): string {
  const count = notice.count ?? notice.names?.length ?? 0;
  return count === 0 ? WORD[notice.event] : `${WORD[notice.event]} ${count} ${count === 1 ? 'name' : 'names'}`;
}

/** `api on prod`, `prod`. */
export const place = ({ target, environment }: Notice): string => flat(target === undefined ? environment : `${target} on ${environment}`);

/** What stands below: the message, then the names. */
export function details(notice: Told): string[] {
  const names = notice.names ?? [];
  const more = names.length - FEW;
  return [
    ...(notice.message === undefined ? (notice.code === undefined ? [] : [notice.code]) : [flat(notice.message)]),
    ...(names.length === 0 ? [] : [names.slice(0, FEW).map(flat).join(', ') + (more > 0 ? ` and ${more} more` : '')]),
  ];
}

const single = (values: readonly string[]): string | undefined => (new Set(values).size === 1 ? values[0] : undefined);

/** `shop prod: 1 failed, 2 synced`. */
export function summary(notices: readonly Notice[]): string {
  const project = single(notices.map((notice) => notice.project));
  const environment = single(notices.map((notice) => notice.environment));
  const where =
    project === undefined
      ? `${new Set(notices.map((notice) => notice.project)).size} projects`
      : [project, environment].filter(Boolean).join(' ');
  const counts = EVENTS.map((event) => [event, notices.filter((notice) => notice.event === event).length] as const);
  return flat(
    `${where}: ${counts
      .filter(([, count]) => count > 0)
      .map(([event, count]) => `${count} ${WORD[event]}`)
      .join(', ')}`,
  );
}

/** Who started it, for the small print. */
export const origin = ({ trigger }: Notice): string => (trigger === 'test' ? 'dcs notify test' : `dcs, by ${trigger}`);
