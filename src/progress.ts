import { writes } from 'dcs-sdk';
import type { Look } from './engine/look.ts';
import { plural } from './render/style.ts';
import type { Session } from './session.ts';

export interface Progress {
  finished(target: string): void;
  end(): Promise<void>;
}

const SILENT: Progress = { finished: () => undefined, end: () => Promise.resolve() };

/** So many spinners; more targets are one, with a count. */
const MOST = 20;

function counted(
  busy: readonly Look[],
  ends: Map<string, () => void>,
): { title: string; task(_: unknown, task: { title: string }): Promise<void> } {
  const title = (done: number): string => `writing: ${done} of ${busy.length} targets`;
  let done = 0;
  return {
    title: title(0),
    task: (_, task) =>
      new Promise((resolve) => {
        for (const { job } of busy)
          ends.set(job.name, () => {
            ends.delete(job.name);
            task.title = title(++done);
            if (done === busy.length) resolve();
          });
      }),
  };
}

/** Spinners on stderr at a terminal; elsewhere nothing, because each target's report is a line of its own. */
export async function progress({ invocation, env }: Session, looks: readonly Look[]): Promise<Progress> {
  const busy = looks.filter(({ plan }) => writes(plan).length > 0);
  if (busy.length === 0 || invocation.json || invocation.quiet || env['CI'] || !process.stderr.isTTY) return SILENT;
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const ends = new Map<string, () => void>();
  const each = busy.map(({ job, plan }) => ({
    title: `${job.name}  writing ${plural(writes(plan).length, 'change')}`,
    task: () => new Promise<void>((resolve) => ends.set(job.name, resolve)),
  }));
  const list = new Listr(busy.length <= MOST ? each : [counted(busy, ends)], {
    concurrent: true,
    registerSignalListeners: false, // its own handler would end dcs before the report
    rendererOptions: {
      clearOutput: true,
      logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
    } as never,
  });
  const running = list.run();
  return {
    finished: (target) => ends.get(target)?.(),
    end: async () => {
      for (const resolve of ends.values()) resolve();
      await running;
    },
  };
}
