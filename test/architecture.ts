import { readFileSync, globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Source {
  /** From the root of the repository. */
  readonly file: string;
  readonly text: string;
}

// `service` is the word for a vendor one signs in to (docs/glossary.md).
const BANNED = /(^|[-./])(managers?|helpers?|utils?|handlers?|data|providers?|platforms?)(?=[-.])/;
const ONLY_IN_SRC = /\bprocess\s*(?:\.\s*(?:env|exit)\b|\[\s*['"](?:env|exit)['"]\])|(?<!\/)\bconsole\s*\./;
/** A secret's value may be YAML. */
const YAML_VALUES = 'src/engine/transform/yaml.ts';
/** Started detached by `dcs sandbox start`: its one line on stdout is how the parent learns the origin. */
const OWN_PROCESS = 'plugins/dcs-plugin-sandbox/src/server/main.ts';

/** What breaks "Who may import whom" of docs/architecture.md, a line each. `entries`: the files that `oclif.dcs` of a plugin names. */
export function violations(sources: readonly Source[], entries: readonly string[]): string[] {
  const found: string[] = [];
  const imports = new Map(sources.map(({ file, text }) => [file, specifiers(text)]));
  for (const { file, text } of sources) {
    const say = (rule: string): void => void found.push(`${file}: ${rule}`);
    if (text.trimEnd().split('\n').length > 300) say('more than 300 lines');
    // The file of a command bears the word that people type.
    if (!file.includes('/commands/') && BANNED.test(file.split('/').pop()!)) say('a word of the name says nothing');
    if (!file.startsWith('src/') && file !== OWN_PROCESS && ONLY_IN_SRC.test(code(text)))
      say('process.env, process.exit and console only in src/');
    for (const specifier of imports.get(file)!) {
      const rule = file.startsWith('sdk/')
        ? sdkRule(file, specifier)
        : file.startsWith('runtime/')
          ? runtimeRule(file, specifier)
          : file.startsWith('plugins/')
            ? pluginRule(file, specifier)
            : coreRule(file, specifier);
      if (rule) say(`imports ${specifier}: ${rule}`);
    }
  }
  for (const entry of entries)
    for (const file of reached(entry, imports))
      for (const specifier of imports.get(file) ?? [])
        if (isOclif(specifier) || specifier === 'dcs-sdk/command')
          found.push(`${file}: imports ${specifier}: targets know no oclif (reached from ${entry})`);
  return found;
}

function sdkRule(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return room(file, specifier) === 'sdk' ? undefined : 'outside the sdk';
  if (isOclif(specifier)) return file === 'sdk/src/command.ts' ? undefined : '@oclif/core only in command.ts';
  if (specifier.startsWith('node:'))
    return file === 'sdk/src/testing.ts' || file.startsWith('sdk/src/testing/') ? undefined : 'node: only in testing';
  return 'the sdk has no dependencies';
}

/** An app of others imports it, on platforms that are not Node.js. */
function runtimeRule(file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') && room(file, specifier) === 'runtime' ? undefined : 'the runtime imports nothing';
}

function pluginRule(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return room(file, specifier) === room(file, '.') ? undefined : 'outside the plugin';
  if (isOclif(specifier))
    return file.includes('/src/commands/') || file.endsWith('-command.ts') ? undefined : '@oclif/core only in commands/';
  if (specifier.startsWith('doppler-cloud-syncs')) return 'a plugin never imports the core';
  if (specifier.startsWith('dcs-plugin-') && !/^dcs-plugin-[\w-]+\/target$/.test(specifier)) return 'of another plugin only ./target';
  return undefined;
}

function coreRule(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('dcs-plugin-')) return 'the core imports no plugin';
  if (!specifier.startsWith('.'))
    return file.startsWith('src/engine/') && (isOclif(specifier) || (specifier === 'yaml' && file !== YAML_VALUES))
      ? 'the engine knows neither oclif nor dcs.yaml'
      : undefined;
  if (room(file, specifier) !== 'src') return 'outside src';
  return undefined;
}

const isOclif = (specifier: string): boolean => specifier.startsWith('@oclif/');

/** `sdk`, `runtime`, `src` or `plugins/<name>`: where a relative import leads. */
function room(file: string, specifier: string): string {
  const parts = normalize(join(dirname(file), specifier)).split('/');
  return parts[0] === 'plugins' ? parts.slice(0, 2).join('/') : parts[0]!;
}

function reached(entry: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set([entry]);
  for (const file of seen)
    for (const specifier of imports.get(file) ?? []) if (specifier.startsWith('.')) seen.add(normalize(join(dirname(file), specifier)));
  return seen;
}

function specifiers(text: string): string[] {
  return [
    ...code(text).matchAll(
      /^\s*(?:import|export)\b(?:[^'";]*?\bfrom\s*)?\s*['"]([^'"]+)['"]|^\s*\}\s*from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
    ),
  ].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

const code = (text: string): string => text.replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, '').replaceAll(/(^|\s)\/\/[^\n]*/g, '');

export function read(root: string): { sources: Source[]; entries: string[] } {
  const files = globSync(['sdk/src/**/*.ts', 'runtime/src/**/*.ts', 'src/**/*.ts', 'plugins/*/src/**/*.ts'], { cwd: root }).toSorted();
  const entries = globSync('plugins/*/package.json', { cwd: root }).flatMap((manifest) => {
    const {
      targets = {},
      sources: filling = {},
      services = {},
      runtime = {},
      detect,
    } = (
      JSON.parse(readFileSync(join(root, manifest), 'utf8')) as {
        oclif: { dcs: { targets?: object; sources?: object; services?: object; runtime?: object; detect?: string } };
      }
    ).oclif.dcs;
    const built = [
      ...Object.values(targets),
      ...Object.values(filling),
      ...Object.values(services),
      ...Object.values(runtime),
      ...(detect ? [detect] : []),
    ] as string[];
    return built.map((path) => join(dirname(manifest), path.replace('./lib/', 'src/').replace(/\.js$/, '.ts')));
  });
  return { sources: files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') })), entries };
}
