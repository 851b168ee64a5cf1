import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { CONTRACT } from '../registry.ts';
import { packageRoot } from './seal.ts';

interface Lock {
  readonly packages?: Readonly<
    Record<
      string,
      | { version?: string; integrity?: string; resolved?: string; link?: boolean; inBundle?: boolean; hasInstallScript?: boolean }
      | undefined
    >
  >;
}

export interface Unpacked {
  /** Packages that wanted to run a script; none did. */
  readonly scripts: readonly string[];
  readonly packages: number;
}

const NOTHING = 'Nothing was installed.';

/** What npm made of the verified bytes, before anything of it can be loaded. `registry`: where dependencies may come from. */
export function checkUnpacked(
  folder: string,
  { name, version, integrity }: { name: string; version: string; integrity: string },
): Unpacked {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock;
  const packages = Object.entries(lock.packages ?? {}).filter(([path]) => path !== '');
  const own = lock.packages?.[`node_modules/${name}`];
  if (own?.integrity !== integrity || own.version !== version)
    throw new DcsError('REFUSED', `npm installed something else than ${name} ${version}.`, { why: NOTHING });
  for (const [path, found] of packages) {
    if (path === `node_modules/${name}` || found?.inBundle) continue;
    const sealed = found?.integrity?.startsWith('sha512-') && /^https?:\/\//.test(found?.resolved ?? '') && !found?.link;
    if (!sealed)
      throw new DcsError(
        'REFUSED',
        `${name} ${version} needs ${path.replace(/^.*node_modules\//, '')}, which has no sha512 checksum of a registry.`,
        {
          why: `What it is could change without notice. ${NOTHING}`,
        },
      );
  }
  checkPlugin(packageRoot(folder, name), name, version);
  return {
    packages: packages.length,
    scripts: packages.flatMap(([path, found]) => (found?.hasInstallScript ? [path.replace(/^.*node_modules\//, '')] : [])),
  };
}

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly oclif?: {
    readonly hooks?: object;
    readonly plugins?: readonly string[];
    readonly dcs?: { readonly contract?: number; readonly detect?: string } & Readonly<Record<string, unknown>>;
  };
}

/** That it is a dcs plugin, for this dcs, whose code runs only when it is used. */
function checkPlugin(root: string, name: string, version: string): void {
  const file = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageFile;
  const { oclif } = file;
  const refuse = (message: string, why: string): never => {
    throw new DcsError('REFUSED', message, { why: `${why} ${NOTHING}` });
  };
  if (file.name !== name || file.version !== version)
    refuse(`The package calls itself ${JSON.stringify(file.name)}.`, `It was agreed to as ${name} ${version}.`);
  if (oclif?.dcs === undefined) return refuse(`${name} is no plugin for dcs.`, 'Its package.json has no oclif.dcs.');
  if (oclif.dcs.contract !== CONTRACT)
    refuse(`${name} ${version} speaks contract ${oclif.dcs.contract ?? 'none'}; this dcs speaks ${CONTRACT}.`, 'Another version may fit.');
  if (Object.keys(oclif.hooks ?? {}).length > 0 || (oclif.plugins ?? []).length > 0)
    refuse(
      `${name} ${version} has hooks of oclif, or plugins of its own.`,
      'Its code would run at every command, not only when it is used.',
    );
  const { contract: _, detect, ...kinds } = oclif.dcs;
  const modules = [
    detect,
    // A list, such as the credentials, is of names.
    ...Object.values(kinds).flatMap((kind) =>
      kind !== null && typeof kind === 'object' && !Array.isArray(kind) ? Object.values(kind) : [],
    ),
  ];
  for (const module of modules.filter((each): each is string => typeof each === 'string')) {
    const inside = relative(root, join(root, module));
    if (isAbsolute(inside) || inside.startsWith('..') || !existsSync(join(root, module)))
      refuse(`${name} ${version} is broken: ${module} is missing.`, 'Its author has to mend it.');
  }
}
