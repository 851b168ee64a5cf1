import { DcsError } from 'dcs-sdk';

export const PREFIX = 'dcs-plugin-';

/** What a person asks for: a package of the registry, or a packed one on this machine. */
export type Wanted =
  | { readonly kind: 'package'; readonly name: string; /** A version or a tag; default: see `versionFor`. */ readonly version?: string }
  | { readonly kind: 'file'; readonly path: string };

const NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]*$/;

/** `neon`, `neon@1.2.3`, `dcs-plugin-fly`, `@acme/dcs-plugin-x`, `./dcs-plugin-x-1.0.0.tgz`. Never git, an address or a folder. */
export function wanted(word: string): Wanted {
  if (/\.(tgz|tar\.gz)$/.test(word) && !word.includes('://')) return { kind: 'file', path: word };
  if (/^(git|github|gitlab|bitbucket|https?|ssh|file|npm)[+:]|:\/\/|\.git$/.test(word) || (word.includes('/') && !word.startsWith('@')))
    throw new DcsError('REFUSED', 'dcs installs plugins from the npm registry, or a packed one from this machine.', {
      why: 'What lies in a repository or at an address has no version and no checksum that one could agree to. Nothing was installed.',
      hint: [
        'dcs plugins install NAME',
        'dcs plugins install ./dcs-plugin-NAME-1.0.0.tgz',
        'dcs plugins link FOLDER     while you write one',
      ],
    });
  const at = word.indexOf('@', 1);
  const version = at === -1 ? undefined : word.slice(at + 1);
  const name = packageName(at === -1 ? word : word.slice(0, at));
  if (version !== undefined && !VERSION.test(version))
    throw new DcsError('USAGE', `${name} needs an exact version or a tag.`, { hint: `dcs plugins install ${name}@1.0.0` });
  return { kind: 'package', name, ...(version === undefined ? {} : { version }) };
}

/** A short name is always a dcs-plugin-NAME: npm has packages called `neon` and `cloudflare`, and they are somebody else's. */
export function packageName(word: string): string {
  const lower = word.toLowerCase();
  const name = lower.startsWith('@') || lower.startsWith(PREFIX) ? lower : `${PREFIX}${lower}`;
  if (isPackageName(name) && name !== PREFIX) return name;
  throw new DcsError('USAGE', 'This is not the name of a plugin.', { hint: 'lower case, digits, - . and _: dcs plugins install neon' });
}

/** It is also part of a path. */
export const isPackageName = (name: string): boolean => NAME.test(name) && name.length <= 214;

/** As people say it. */
export const shortName = (name: string): string => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name);
