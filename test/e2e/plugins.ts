import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from './registry.ts';
import { tarball } from './tarball.ts';
import { terminal, type Terminal } from './terminal.ts';
import { ROOT, world, type Ran, type World } from './world.ts';

/** A machine without any plugin, whose registry is the local one. */
export interface Bare {
  readonly world: World;
  /** dcs's data directory. */
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
  dcs(args: readonly string[], options?: { env?: Record<string, string | undefined>; killAfter?: number; cwd?: string }): Promise<Ran>;
  /** The same in a real terminal. */
  at(args: readonly string[]): Terminal;
  /** `plugins: allow:` of the user file. */
  allow(...names: readonly string[]): Promise<void>;
  /** What `dcs plugins` says is installed, `name version` each. */
  plugins(): Promise<readonly string[]>;
  /** Folders of plugins on the disk, also of those that are on no list. */
  folders(): Promise<readonly string[]>;
}

export async function bare(registry: Registry): Promise<Bare> {
  const w = await world();
  const data = join(w.home, 'bare');
  const env = { ...w.env, XDG_DATA_HOME: data, ...registry.env };
  const dcs: Bare['dcs'] = (args, { env: more = {}, ...options } = {}) => w.dcs(args, { ...options, env: { ...env, ...more } });
  return {
    world: w,
    data: join(data, 'dcs'),
    env,
    dcs,
    at: (args) => terminal(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args], { cwd: w.project, env: { ...env, TERM: 'xterm' } }),
    async allow(...names) {
      await mkdir(join(w.home, 'config', 'dcs'), { recursive: true });
      await writeFile(join(w.home, 'config', 'dcs', 'config.yaml'), JSON.stringify({ plugins: { allow: names } }));
    },
    async plugins() {
      const { plugins } = (await dcs(['plugins', '--json'])).json() as { plugins: { name: string; version: string }[] };
      return plugins.map(({ name, version }) => `${name} ${version}`);
    },
    async folders() {
      const root = join(data, 'dcs', 'plugins');
      if (!existsSync(root)) return [];
      const names = (await readdir(root)).filter((name) => name !== '.lock');
      return (
        await Promise.all(names.map(async (name) => (await readdir(join(root, name))).map((version) => `${name}/${version}`)))
      ).flat();
    },
  };
}

/** A community plugin without dependencies: one target, one command. */
export function community(
  name: string,
  version = '1.0.0',
  more: { readonly pjson?: object; readonly oclif?: object; readonly dcs?: object; readonly files?: Record<string, string> } = {},
): Buffer {
  const type = name.split('/').at(-1)!.replace('dcs-plugin-', '');
  return tarball({
    'package.json': JSON.stringify({
      name,
      version,
      type: 'module',
      oclif: {
        bin: 'dcs',
        commands: './lib/commands',
        topicSeparator: ' ',
        dcs: { contract: 1, targets: { [type]: './lib/target.js' }, ...more.dcs },
        ...more.oclif,
      },
      ...more.pjson,
    }),
    'oclif.manifest.json': JSON.stringify({
      version,
      commands: {
        [`${type}:hello`]: {
          id: `${type}:hello`,
          pluginName: name,
          pluginAlias: name,
          pluginType: 'core',
          strict: false,
          isESM: true,
          aliases: [],
          args: {},
          flags: {},
          hiddenAliases: [],
          relativePath: ['lib', 'commands', type, 'hello.js'],
        },
      },
    }),
    [`lib/commands/${type}/hello.js`]: `export default class Hello { static run() { process.stdout.write('hello from ${version}\\n'); } }\n`,
    'lib/target.js': `export default { type: '${type}', title: '${type}', keys: [], credentials: [], options: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } } };\n`,
    ...more.files,
  });
}
