import { DcsError } from 'dcs-sdk';
import type { Project, TargetEntry } from './project.ts';

/** A target and the file that names it. */
export interface Named {
  readonly project: Project;
  readonly entry: TargetEntry;
  /** `api`; of another member `web/api`. */
  readonly title: string;
}

/**
 * Two environments, or two targets, that would write to one place without saying `shared: true`. `placeOf` is the plugin's
 * `place()`; undefined where it cannot tell. Environments whose variables are not set here are left out.
 */
export function checkIdentities(all: readonly Named[], placeOf: (entry: TargetEntry, environment: string) => string | undefined): void {
  const seen = new Map<string, readonly [Named, string]>();
  for (const one of all) {
    const { entry, project, title } = one;
    for (const environment of entry.singleValue ? entry.environments.slice(0, 1) : entry.environments) {
      const place = entry.missing(environment).length > 0 ? undefined : placeOf(entry, environment);
      if (place === undefined) continue;
      const [other, before] = seen.get(`${entry.type} ${place}`) ?? [one, environment];
      seen.set(`${entry.type} ${place}`, [other, before]);
      if ((other === one && before === environment) || (entry.shared && other.entry.shared)) continue;
      throw new DcsError(
        'CONFIG',
        `${project.at(['targets', entry.name])}: ${title} in ${environment} and ${other.title} in ${before} are one place.`,
        {
          why: 'Each sync would overwrite what the other wrote. Nothing was written.',
          hint: 'shared: true     on each of them, if it is meant',
        },
      );
    }
  }
}
