import type { DcsRun, TriggerType } from 'dcs-sdk';

/** The most urgent first: where a message takes only some, it takes those. */
export const EVENTS = ['failed', 'refused', 'drifted', 'synced', 'in-sync'] as const;
export type NoticeEvent = (typeof EVENTS)[number];

/** What became of one target, or of all of an environment. Names only, never a value. */
export interface Notice {
  /** `in-sync`: there was nothing to do; people do not hear of it, it ends an incident. */
  readonly event: NoticeEvent;
  readonly trigger: TriggerType | 'test';
  /** The Doppler project. */
  readonly project: string;
  readonly environment: string;
  /** Absent: it is about all of them. */
  readonly target?: string;
  /** The secrets that it is about. */
  readonly names?: readonly string[];
  /** Of the error, as `--json` has them. */
  readonly code?: string;
  readonly message?: string;
}

export const isTrouble = ({ event }: Notice): boolean => event === 'failed' || event === 'refused' || event === 'drifted';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);

function said(error: unknown): Pick<Notice, 'code' | 'message'> {
  if (typeof error === 'string') return { message: error };
  const { code, message } = isObject(error) ? error : {};
  return { ...(typeof code === 'string' ? { code } : {}), ...(typeof message === 'string' ? { message } : {}) };
}

type About = Pick<Notice, 'trigger' | 'project' | 'environment'>;

/** Of a target of `dcs sync --json`. */
function synced(target: Json): Pick<Notice, 'event' | 'names' | 'message' | 'code'> {
  const outcomes = (Array.isArray(target['outcomes']) ? target['outcomes'] : []).filter(isObject);
  const named = (wanted: (result: unknown) => boolean): string[] =>
    texts(outcomes.filter(({ result }) => wanted(result)).map(({ name }) => name));
  const open = named((result) => result !== 'done');
  if (target['error'] !== undefined || open.length > 0) {
    const first = outcomes.find(({ result, message }) => result !== 'done' && message !== undefined);
    return { event: 'failed', names: open, ...said(target['error'] ?? first) };
  }
  const done = named((result) => result === 'done');
  return done.length === 0 ? { event: 'in-sync' } : { event: 'synced', names: done };
}

const LOST = new Set(['unreachable', 'no access', 'not set up']);

/** Of a target of `dcs status --json`. What Doppler has and a sync will bring is no news. */
function looked(target: Json): Pick<Notice, 'event' | 'names' | 'message' | 'code'> | undefined {
  const { state } = target;
  if (state === 'in sync') return { event: 'in-sync' };
  if (state === 'drifted') return { event: 'drifted', names: texts(target['drifted']) };
  if (typeof state !== 'string' || !LOST.has(state)) return undefined;
  return { event: 'failed', message: `The target is ${state}.`, ...said(target['error']) };
}

/** What `dcs sync` or `dcs status` answered, as notices; what it answered by an error too. Rows of a status name their own environment. */
export function noticesOf({ exit, document }: Pick<DcsRun, 'exit' | 'document'>, about: About): readonly Notice[] {
  if (document === undefined) return [{ ...about, event: 'failed', message: `dcs ended with exit code ${exit} and said nothing.` }];
  const { error, targets } = document;
  if (error !== undefined) {
    const words = said(error);
    return [{ ...about, event: words.code === 'REFUSED' ? 'refused' : 'failed', ...words }];
  }
  return (Array.isArray(targets) ? targets : []).filter(isObject).flatMap((target): Notice[] => {
    const found = 'state' in target ? looked(target) : synced(target);
    const { target: name, environment } = target;
    const where = typeof environment === 'string' && environment !== '' ? { environment } : {};
    return found === undefined ? [] : [{ ...about, ...where, ...(typeof name === 'string' ? { target: name } : {}), ...found }];
  });
}
