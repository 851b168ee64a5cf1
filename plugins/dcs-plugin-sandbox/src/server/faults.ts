import { segments } from './match.ts';

const KINDS = ['status', 'delay', 'reset', 'reset-after-commit', 'status-after-commit', 'truncate', 'html', 'redirect'] as const;

/** What goes wrong, and with which call. `route` is `METHOD /path/:name`, or a path prefix that may end in `*`. */
export interface Fault {
  route?: string;
  cloud?: string;
  nth?: number;
  /** Every so many-th call from the nth on. */
  every?: number;
  times?: number | 'forever';
  /** From its first time on it meets every call, of whatever route. */
  spreads?: boolean;
  kind: (typeof KINDS)[number];
  status?: number;
  ms?: number;
  headers?: Record<string, string>;
  body?: unknown;
  retryAfter?: number;
}

interface Armed {
  id: number;
  fault: Fault;
  seen: number;
  fired: number;
}

function concerns(fault: Fault, cloud: string, method: string, path: string): boolean {
  if (fault.cloud !== undefined && fault.cloud !== cloud) return false;
  if (fault.route === undefined) return true;
  const [first = '', second] = fault.route.split(' ');
  if (second !== undefined && first !== '*' && first !== method) return false;
  const pattern = second ?? first;
  if (pattern.endsWith('*')) return path.startsWith(pattern.slice(0, -1));
  return segments(pattern, path) !== undefined || (second === undefined && path.startsWith(pattern));
}

/** The faults waiting to happen. */
export class Faults {
  #armed: Armed[] = [];
  #next = 1;

  add(wanted: unknown): number {
    const fault = wanted as Fault;
    if (typeof wanted !== 'object' || wanted === null || !KINDS.includes(fault.kind))
      throw new TypeError(`kind is one of ${KINDS.join(', ')}`);
    if (fault.kind.startsWith('status') && !Number.isInteger(fault.status)) throw new TypeError(`kind "${fault.kind}" needs a status`);
    if (fault.kind === 'delay' && !Number.isFinite(fault.ms)) throw new TypeError('kind "delay" needs ms');
    const id = this.#next++;
    this.#armed.push({ id, fault, seen: 0, fired: 0 });
    return id;
  }

  list(): (Fault & { id: number; seen: number; fired: number })[] {
    return this.#armed.map(({ id, fault, seen, fired }) => ({ id, ...fault, seen, fired }));
  }

  clear(): void {
    this.#armed = [];
  }

  /** Counts this call with every fault it concerns, and gives the first that is due. */
  due(cloud: string, method: string, path: string): Fault | undefined {
    let due: Armed | undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      const spread = fault.spreads === true && armed.fired > 0;
      if (!spread && !concerns(fault, cloud, method, path)) continue;
      armed.seen += 1;
      const times = fault.times === 'forever' ? Number.POSITIVE_INFINITY : (fault.times ?? 1);
      const past = armed.seen - (fault.nth ?? 1);
      if (past >= 0 && past % (fault.every ?? 1) === 0 && armed.fired < times) due ??= armed;
    }
    if (due !== undefined) due.fired += 1;
    return due?.fault;
  }
}
