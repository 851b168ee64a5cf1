import { DcsError } from 'dcs-sdk';

/** A config of Doppler. */
export interface Place {
  /** `https://api.doppler.com`: part of the identity, so that a sandbox is never taken for the real one. */
  readonly host: string;
  readonly project: string;
  readonly config: string;
}

/** `https://api.doppler.com/shop/prd`. Throws CONFIG when project or config cannot be one. */
export function identityOf({ host, project, config }: Place): string {
  checkSlug('project', project);
  checkSlug('config', config);
  return `${host}/${project}/${config}`;
}

/** Slugs go into a URL the SDK does not encode properly: `p&config=prd` would read another config. */
export function checkSlug(kind: 'project' | 'config', slug: string): void {
  if (!/^[a-z0-9_-]+$/.test(slug))
    throw new DcsError('CONFIG', `${JSON.stringify(slug)} is no Doppler ${kind}.`, { hint: 'lower case letters, digits, - and _ only' });
}
