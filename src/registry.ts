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
  readonly targets?: Readonly<Record<string, string>>;
  readonly sources?: Readonly<Record<string, string>>;
  readonly services?: Readonly<Record<string, string>>;
  readonly runtime?: Readonly<Record<string, string>>;
  readonly detect?: string;
  /** All names that its targets and sources sign in with: known without running its code. */
  readonly credentials?: readonly string[];
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
  /** Names that plugins sign in with, of those that declare them. */
  readonly credentials: ReadonlyMap<PluginLike, readonly string[]>;
}

export interface OfficialType {
  readonly type: string;
  readonly title: string;
  /** Files that show that a repository uses it. */
  readonly markers: readonly string[];
}

export interface OfficialPlugin {
  readonly plugin: string;
  readonly types: readonly OfficialType[];
  /** First words of a command line that it answers. */
  readonly words: readonly string[];
}

/** The plugins of this repository; they are released with dcs, in its version. */
export const OFFICIAL_PLUGINS: readonly OfficialPlugin[] = [
  {
    plugin: 'dcs-plugin-cloudflare',
    types: [
      { type: 'cloudflare', title: 'Cloudflare Worker', markers: ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'] },
      { type: 'cloudflare-pages', title: 'Cloudflare Pages', markers: [] },
      { type: 'cloudflare-secrets-store', title: 'Cloudflare Secrets Store', markers: [] },
    ],
    words: ['cloudflare'],
  },
  {
    plugin: 'dcs-plugin-gcp',
    types: [
      { type: 'gcp', title: 'Google Secret Manager', markers: ['.gcloudignore', 'cloudbuild.yaml', 'app.yaml'] },
      { type: 'gcp-run', title: 'Cloud Run', markers: [] },
    ],
    words: ['gcp'],
  },
  {
    plugin: 'dcs-plugin-firebase',
    types: [{ type: 'firebase', title: 'Firebase', markers: ['firebase.json'] }],
    words: ['firebase'],
  },
  { plugin: 'dcs-plugin-neon', types: [{ type: 'neon', title: 'Neon', markers: ['.neon'] }], words: ['neon'] },
  { plugin: 'dcs-plugin-automation', types: [], words: ['hooks', 'webhook', 'reconcile', 'ci', 'notify'] },
  { plugin: 'dcs-plugin-sandbox', types: [], words: ['sandbox'] },
];

/** The same by type of target or source: what to install when dcs.yaml names one that is missing. */
export const OFFICIAL: ReadonlyMap<string, Omit<OfficialType, 'type'> & { readonly plugin: string }> = new Map(
  OFFICIAL_PLUGINS.flatMap(({ plugin, types }) => types.map(({ type, title, markers }) => [type, { plugin, title, markers }] as const)),
);

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
  const credentials = new Map<PluginLike, readonly string[]>();
  // oclif's order changes from run to run.
  for (const plugin of [...plugins].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const declared = (plugin.pjson.oclif as { dcs?: Declared } | undefined)?.dcs;
    if (!declared) continue;
    known.push(plugin);
    if (declared.credentials !== undefined) credentials.set(plugin, declared.credentials);
    for (const [id, file] of Object.entries(declared.targets ?? {})) add(targets, registration(id, file, plugin));
    for (const [id, file] of Object.entries(declared.sources ?? {})) add(sources, registration(id, file, plugin));
    for (const [id, file] of Object.entries(declared.services ?? {})) add(services, registration(id, file, plugin));
    for (const [id, file] of Object.entries(declared.runtime ?? {})) add(adapters, registration(id, file, plugin));
    if (declared.detect !== undefined) detectors.push(registration('detect', declared.detect, plugin));
  }
  return { targets, sources, services, adapters, detectors, plugins: known, credentials };
}

/** Neither of two that bring the same is taken for the other: it fails when that type is used, and only then. */
function add<T>(map: Map<string, Registration<T>>, found: Registration<T>): void {
  const other = map.get(found.id);
  const load = async (): Promise<T> => {
    throw new DcsError('CONFIG', `Two plugins bring "${found.id}": ${other!.plugin.name} and ${found.plugin.name}.`, {
      hint: [`dcs plugins uninstall ${other!.plugin.name}`, `dcs plugins uninstall ${found.plugin.name}`],
    });
  };
  map.set(found.id, other ? { ...found, load } : found);
}

function registration<T>(id: string, file: string, plugin: PluginLike): Registration<T> {
  return {
    id,
    plugin,
    async load() {
      const path = join(plugin.root, file);
      const inside = relative(plugin.root, path);
      (await import('./plugins/usable.ts')).refuseUnusable(plugin);
      if (isAbsolute(inside) || inside.startsWith('..') || !existsSync(path))
        throw new DcsError('CONFIG', `${plugin.name} ${plugin.version} is broken: ${file} is missing.`, {
          hint: `dcs plugins install ${plugin.name}`,
        });
      return ((await import(pathToFileURL(path).href)) as { default: T }).default;
    },
  };
}
