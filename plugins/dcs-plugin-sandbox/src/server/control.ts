import type { Reply } from './cloud.ts';
import type { Faults } from './faults.ts';
import type { Journal } from './journal.ts';

/** The switches behind `/_sandbox`. */
export interface Panel {
  faults: Faults;
  journal: Journal;
  clouds: readonly string[];
  /** Milliseconds added to every call. */
  delay: number;
  reset(): void;
  /** The variables that point clients at this sandbox. */
  env(): Record<string, string>;
}

const done = (body: unknown = { success: true }): Reply => ({ status: 200, body });

const ACTIONS: Record<string, (panel: Panel, body: unknown) => Reply> = {
  'GET /_sandbox/health': (panel) => done({ sandbox: true, pid: process.pid, clouds: panel.clouds }),
  'GET /_sandbox/env': (panel) => done(panel.env()),
  'GET /_sandbox/faults': (panel) => done(panel.faults.list()),
  'POST /_sandbox/faults': (panel, body) => {
    try {
      return { status: 201, body: { id: panel.faults.add(body) } };
    } catch (error) {
      if (error instanceof TypeError) return { status: 400, body: { success: false, message: error.message } };
      throw error;
    }
  },
  'DELETE /_sandbox/faults': (panel) => {
    panel.faults.clear();
    return done();
  },
  'GET /_sandbox/journal': (panel) => done(panel.journal.entries()),
  'DELETE /_sandbox/journal': (panel) => {
    panel.journal.clear();
    return done();
  },
  'POST /_sandbox/delay': (panel, body) => {
    const ms = (body as { ms?: unknown } | undefined)?.ms;
    if (typeof ms !== 'number' || !(ms >= 0)) return { status: 400, body: { success: false, message: 'ms is a number' } };
    panel.delay = ms;
    return done();
  },
  'POST /_sandbox/reset': (panel) => {
    panel.reset();
    return done();
  },
};

/** The answer of the sandbox itself, or undefined when the path belongs to a cloud. */
export function control(panel: Panel, method: string, path: string, body: unknown): Reply | undefined {
  const key = `${method} ${path}`;
  return Object.hasOwn(ACTIONS, key) ? ACTIONS[key]?.(panel, body) : undefined;
}
