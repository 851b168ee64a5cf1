import type { Counts } from '../queue/queue.ts';

const HELP = {
  requests: 'Answers to requests for the webhook, by HTTP status.',
  events: 'Signed events: queued, coalesced with one that waits, or ignored.',
  runs: 'Ended attempts of a sync: done, failed, dead, cut off.',
} as const;
type Counter = keyof typeof HELP;
const LABEL: Readonly<Record<Counter, string>> = { requests: 'status', events: 'result', runs: 'result' };

/** Counters of this process. Names of environments stand nowhere: a scrape needs no key. */
export class Metrics {
  readonly #counters = new Map<Counter, Map<string, number>>();
  #seconds = 0;

  count(counter: Counter, label: string | number): void {
    const own = this.#counters.get(counter) ?? new Map<string, number>();
    this.#counters.set(counter, own.set(String(label), (own.get(String(label)) ?? 0) + 1));
  }

  ran(result: string, ms: number): void {
    this.count('runs', result);
    this.#seconds += ms / 1000;
  }

  /** https://prometheus.io/docs/instrumenting/exposition_formats, last verified 2026-11-21. */
  text({ queued, running, dead }: Counts): string {
    const lines: string[] = [];
    for (const [counter, help] of Object.entries(HELP) as [Counter, string][]) {
      lines.push(`# HELP dcs_webhook_${counter}_total ${help}`, `# TYPE dcs_webhook_${counter}_total counter`);
      for (const [label, value] of this.#counters.get(counter) ?? [])
        lines.push(`dcs_webhook_${counter}_total{${LABEL[counter]}="${label}"} ${value}`);
    }
    lines.push('# HELP dcs_webhook_run_seconds_total Time spent in ended attempts.', '# TYPE dcs_webhook_run_seconds_total counter');
    lines.push(`dcs_webhook_run_seconds_total ${this.#seconds}`);
    lines.push('# HELP dcs_webhook_queue Runs that wait, run, or were given up.', '# TYPE dcs_webhook_queue gauge');
    for (const [state, value] of Object.entries({ queued, running, dead })) lines.push(`dcs_webhook_queue{state="${state}"} ${value}`);
    lines.push('# HELP process_resident_memory_bytes Memory of this process.', '# TYPE process_resident_memory_bytes gauge');
    lines.push(`process_resident_memory_bytes ${process.memoryUsage.rss()}`);
    return `${lines.join('\n')}\n`;
  }
}
