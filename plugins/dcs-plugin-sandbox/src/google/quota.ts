import type { Call } from '../server/cloud.ts';
import { Refusal } from './envelope.ts';
import type { Limits, Project } from './state.ts';

/** A minute and project, and a second and secret or version. https://cloud.google.com/secret-manager/quotas, last verified 2026-11-21. */
export const VENDOR_LIMITS: Limits = { accesses: 90_000, reads: 600, writes: 600, perSecret: 2, perVersion: 1 };

/** Which budget a call takes from; `perSecret` and `perVersion` are writes that also have a budget of their own. */
export type Kind = keyof Limits;

interface Budget {
  key: string;
  most: number;
  seconds: number;
}

const METRIC = { accesses: 'Access requests', reads: 'Read requests', writes: 'Write requests' } as const;

/** What was asked for within the running windows. */
export class Quota {
  #windows = new Map<string, { used: number; ends: number }>();

  clear(): void {
    this.#windows.clear();
  }

  /** Takes one out of every budget, or none and throws the vendor's 429. */
  take(limits: Limits | null, kind: Kind, project: Project, { params }: Call): void {
    if (limits === null) return;
    const base = kind === 'accesses' || kind === 'reads' ? kind : 'writes';
    const secret = `${project.id}/${params['location'] ?? ''}/${params['secret'] ?? ''}`;
    const budgets: Budget[] = [{ key: `${project.id} ${base}`, most: limits[base], seconds: 60 }];
    if (kind === 'perSecret') budgets.push({ key: secret, most: limits.perSecret, seconds: 1 });
    if (kind === 'perVersion') budgets.push({ key: `${secret}/${params['version'] ?? ''}`, most: limits.perVersion, seconds: 1 });
    const windows = budgets.map((budget) => ({ window: this.#window(budget), most: budget.most }));
    if (windows.some(({ window, most }) => window.used >= most)) throw exhausted(METRIC[base], project);
    for (const { window } of windows) window.used += 1;
  }

  #window({ key, seconds }: Budget): { used: number; ends: number } {
    const now = Date.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.ends <= now) {
      window = { used: 0, ends: now + seconds * 1000 };
      this.#windows.set(key, window);
    }
    return window;
  }
}

function exhausted(metric: string, { number }: Project): Refusal {
  const api = 'secretmanager.googleapis.com';
  const message = `Quota exceeded for quota metric '${metric}' and limit '${metric} per minute' of service '${api}' for consumer 'project_number:${number}'.`;
  const metadata = { consumer: `projects/${number}`, quota_metric: metric, service: api };
  return new Refusal('RESOURCE_EXHAUSTED', message, { reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata });
}
