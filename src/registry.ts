import { existsSync } from 'node:fs';
import { join, relative, isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  DcsError,
  type AdapterDefinition,
  type Detect,
  type ServiceDefinition,
  type SourceDefinition,
  type TargetDefinition,
} from 'dcs-sdk';

export const CONTRACT = 1;

/** What the registry needs of an oclif plugin. */
export interface PluginLike {
  readonly name: string;
  readonly version: string;
  readonly root: string;
  readonly type: string;
  readonly pjson: { readonly oclif?: unknown };
}

interface Declared {
  readonly contract?: number;
  readonly targets?: Readonly<Record<string, string>>;
  readonly sources?: Readonly<Record<string, string>>;
  readonly services?: Readonly<Record<string, string>>;
  readonly runtime?: Readonly<Record<string, string>>;
  readonly detect?: string;
}

export interface Registration<T> {
  readonly id: string;
  readonly plugin: PluginLike;
  load(): Promise<T>;
}

/** What the installed plugins bring, read from their package.json; no plugin code runs before `load()`. */
export interface Registry {
  readonly targets: ReadonlyMap<string, Registration<TargetDefinition<never>>>;
  readonly sources: ReadonlyMap<string, Registration<SourceDefinition<never>>>;
  readonly services: ReadonlyMap<string, Registration<ServiceDefinition>>;
  /** What `dcs runtime add` puts into an app. */
  readonly adapters: ReadonlyMap<string, Registration<AdapterDefinition>>;
  readonly detectors: readonly Registration<Detect>[];
  readonly plugins: readonly PluginLike[];
}

/** Official plugins by type of target or source: what to install when dcs.yaml names one that is missing. */
export const OFFICIAL: ReadonlyMap<string, { readonly plugin: string; readonly title: string; readonly markers: readonly string[] }> =
  new Map([
    [
      'cloudflare',
      { plugin: 'dcs-plugin-cloudflare', title: 'Cloudflare Worker', markers: ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'] },
    ],
    ['cloudflare-pages', { plugin: 'dcs-plugin-cloudflare', title: 'Cloudflare Pages', markers: [] }],
    ['cloudflare-secrets-store', { plugin: 'dcs-plugin-cloudflare', title: 'Cloudflare Secrets Store', markers: [] }],
    ['gcp', { plugin: 'dcs-plugin-gcp', title: 'Google Secret Manager', markers: ['.gcloudignore', 'cloudbuild.yaml', 'app.yaml'] }],
    ['firebase', { plugin: 'dcs-plugin-firebase', title: 'Firebase', markers: ['firebase.json'] }],
    ['gcp-run', { plugin: 'dcs-plugin-gcp', title: 'Cloud Run', markers: [] }],
    ['neon', { plugin: 'dcs-plugin-neon', title: 'Neon', markers: ['.neon'] }],
  ]);

/** Official types, of targets and of sources, that no installed plugin brings. */
export function missingTypes({
  targets,
  sources,
}: Registry): { type: string; plugin: string; title: string; markers: readonly string[] }[] {
  return [...OFFICIAL].flatMap(([type, official]) => (targets.has(type) || sources.has(type) ? [] : [{ type, ...official }]));
}

export function readRegistry(plugins: Iterable<PluginLike>): Registry {
  const targets = new Map<string, Registration<TargetDefinition<never>>>();
  const sources = new Map<string, Registration<SourceDefinition<never>>>();
  const services = new Map<string, Registration<ServiceDefinition>>();
  const adapters = new Map<string, Registration<AdapterDefinition>>();
  const detectors: Registration<Detect>[] = [];
  const known: PluginLike[] = [];
  // oclif's order changes from run to run.
  for (const plugin of [...plugins].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const declared = (plugin.pjson.oclif as { dcs?: Declared } | undefined)?.dcs;
    if (!declared) continue;
    known.push(plugin);
    for (const [id, file] of Object.entries(declared.targets ?? {})) add(targets, registration(id, file, plugin, declared));
    for (const [id, file] of Object.entries(declared.sources ?? {})) add(sources, registration(id, file, plugin, declared));
    for (const [id, file] of Object.entries(declared.services ?? {})) add(services, registration(id, file, plugin, declared));
    for (const [id, file] of Object.entries(declared.runtime ?? {})) add(adapters, registration(id, file, plugin, declared));
    if (declared.detect !== undefined) detectors.push(registration('detect', declared.detect, plugin, declared));
  }
  return { targets, sources, services, adapters, detectors, plugins: known };
}

function add<T>(map: Map<string, Registration<T>>, found: Registration<T>): void {
  const other = map.get(found.id);
  if (other)
    throw new DcsError('CONFIG', `Two plugins bring "${found.id}": ${other.plugin.name} and ${found.plugin.name}.`, {
      hint: `dcs plugins uninstall ${found.plugin.name}`,
    });
  map.set(found.id, found);
}

function registration<T>(id: string, file: string, plugin: PluginLike, { contract }: Declared): Registration<T> {
  return {
    id,
    plugin,
    async load() {
      const path = join(plugin.root, file);
      const inside = relative(plugin.root, path);
      if (contract !== CONTRACT)
        throw new DcsError(
          'CONFIG',
          `${plugin.name} ${plugin.version} speaks contract ${contract ?? 'none'}; this dcs speaks ${CONTRACT}.`,
          {
            hint: `a version of ${plugin.name} that fits dcs`,
          },
        );
      if (isAbsolute(inside) || inside.startsWith('..') || !existsSync(path))
        throw new DcsError('CONFIG', `${plugin.name} ${plugin.version} is broken: ${file} is missing.`, {
          hint: `install ${plugin.name} again`,
        });
      return ((await import(pathToFileURL(path).href)) as { default: T }).default;
    },
  };
}
