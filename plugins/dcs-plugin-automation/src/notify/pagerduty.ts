import { createHash } from 'node:crypto';
import { DcsError } from 'dcs-sdk';
import { isTrouble, type Notice } from './notice.ts';
import { post, type Sending } from './post.ts';
import { details, origin, place, type Told, what } from './words.ts';

/** https://developer.pagerduty.com/docs/send-alert-event, last verified 2026-11-21. Characters. */
const MOST = { key: 255, summary: 1024 };
const SEVERITY = { failed: 'error', refused: 'warning', drifted: 'warning', synced: 'info', 'in-sync': 'info' } as const;

/** The one incident of a target of an environment of a project; `*` stands for all of them. */
export function dedupKey({ project, environment, target = '*' }: Pick<Notice, 'project' | 'environment' | 'target'>): string {
  const key = ['dcs', project, environment, target].map(encodeURIComponent).join('/');
  return key.length <= MOST.key ? key : `dcs/${createHash('sha256').update(key).digest('hex')}`;
}

export function routingKey(name: string, value: string): string {
  if (/^[A-Za-z0-9]{32}$/.test(value.trim())) return value.trim();
  throw new DcsError('CONFIG', `${name} is no integration key of PagerDuty.`, { why: 'It has 32 letters and digits. Nothing was sent.' });
}

/** What a run says about the incidents: who got as far as a target has no trouble with all of them. */
export function withEnds(notices: readonly Notice[]): readonly Notice[] {
  const ends = new Map<string, Notice>();
  for (const { project, environment, trigger, target } of notices)
    if (target !== undefined) ends.set(dedupKey({ project, environment }), { event: 'in-sync', trigger, project, environment });
  for (const notice of notices) if (notice.target === undefined) ends.delete(dedupKey(notice));
  return [...notices, ...ends.values()];
}

function event(key: string, notice: Told): object {
  const common = { routing_key: key, dedup_key: dedupKey(notice) };
  if (!isTrouble(notice)) return { ...common, event_action: 'resolve' };
  const { project, environment, target, names, count, code, trigger } = notice;
  const [message] = details(notice);
  const summary = `${project} ${place(notice)}: ${what(notice)}${message === undefined ? '' : `. ${message}`}`;
  return {
    ...common,
    event_action: 'trigger',
    client: origin(notice),
    payload: {
      summary: summary.slice(0, MOST.summary),
      source: `${project}/${environment}`,
      component: target ?? '*',
      severity: trigger === 'test' ? 'info' : SEVERITY[notice.event],
      custom_details: { event: notice.event, trigger, code: code ?? null, names: names ?? null, count: count ?? names?.length ?? 0 },
    },
  };
}

/** At once, so that many targets do not take many round trips. */
const LANES = 8;

/**
 * One event a notice; those of one incident one after the other. All are tried; then the first failure is thrown. `arrived` hears of
 * each that was taken.
 */
export async function sendPagerDuty(base: URL, key: string, notices: readonly Told[], { signal, arrived }: Sending): Promise<void> {
  const url = new URL(`${base.href.replace(/\/$/, '')}/v2/enqueue`);
  const incidents = Map.groupBy(notices, dedupKey).values();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const incident of incidents)
      try {
        for (const notice of incident) {
          await post('PagerDuty', url, { body: JSON.stringify(event(key, notice)), signal });
          arrived(notice);
        }
      } catch (error) {
        failures.push(error);
      }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw failures[0];
}
