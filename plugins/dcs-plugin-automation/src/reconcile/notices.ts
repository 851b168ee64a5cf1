import type { Notice } from '../notify/notice.ts';
import type { Project } from './report.ts';

/** What a run has to say, for channels: drift first, then what was done about it; a target where all is well ends its incident. */
export function noticesOf({ environments, failed }: Project, project: string): readonly Notice[] {
  const about = { trigger: 'schedule', project } as const;
  const whole = failed.map(({ code, message }): Notice => ({ ...about, environment: '*', event: eventOf(code), code, message }));
  const each = environments.flatMap(({ environment, inSync, drifted, written, failed: open }): Notice[] => {
    const failing = new Set(open.map(({ target }) => target));
    const named = <T extends { readonly target: string }>(
      all: readonly T[],
      event: Notice['event'],
      names?: (one: T) => readonly string[],
    ): Notice[] =>
      all.map((one) => ({ ...about, environment, target: one.target, event, ...(names === undefined ? {} : { names: names(one) }) }));
    return [
      ...named(drifted, 'drifted', ({ names }) => names),
      ...named(
        written.filter(({ target }) => !failing.has(target)),
        'synced',
        ({ names }) => names,
      ),
      ...open.map(({ target, code, message }): Notice => ({
        ...about,
        environment,
        ...(target === null ? {} : { target }),
        event: eventOf(code),
        code,
        message,
      })),
      ...named(
        inSync.filter((target) => !written.some((one) => one.target === target)).map((target) => ({ target })),
        'in-sync',
      ),
    ];
  });
  return [...whole, ...each];
}

const eventOf = (code: string): 'refused' | 'failed' => (code === 'REFUSED' ? 'refused' : 'failed');
