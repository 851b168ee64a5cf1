import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { ROOT } from '../e2e/world.ts';

/** A change of the sources: [file, what stands there once, what to put there]. */
export type Edit = readonly [file: string, from: string, to: string];

/** A fault to plant, and what it breaks. */
export interface Fault {
  readonly what: string;
  readonly edits: readonly Edit[];
}

const scratch = mkdtempSync(join(tmpdir(), 'dcs-planted-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Throws for an edit that would change nothing: such a fault would prove nothing. */
function editing(edits: readonly Edit[]): Plugin {
  const left = new Set(edits);
  return {
    name: 'planted',
    setup(bundler) {
      bundler.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        let text = readFileSync(path, 'utf8');
        for (const edit of edits.filter(([file]) => relative(ROOT, path) === file)) {
          if (text.split(edit[1]).length !== 2) throw new Error(`${edit[0]}: ${edit[1]} does not stand there once`);
          left.delete(edit);
          text = text.replace(edit[1], () => edit[2]);
        }
        return { contents: text, loader: 'ts' };
      });
      bundler.onEnd(() => {
        if (left.size > 0) throw new Error(`nothing was changed: ${JSON.stringify([...left])}`);
      });
    },
  };
}

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  logLevel: 'silent',
} satisfies BuildOptions;

/** The folder of a dcs with a fault, of these commands only (`sync`, `hooks/run`): what `bin/run.js` starts there. */
export async function plantedDcs(commands: readonly string[], { edits }: Fault): Promise<string> {
  const root = mkdtempSync(join(scratch, 'dcs-'));
  await build({
    ...COMMON,
    entryPoints: ['src/main.ts', ...commands.map((name) => `src/commands/${name}.ts`), ...globSync('src/hooks/*.ts', { cwd: ROOT })],
    outdir: join(root, 'lib'),
    outbase: 'src',
    splitting: true,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
    },
    external: ['@lydell/node-pty', '@napi-rs/keyring', 'typescript'],
    alias: { 'dcs-sdk/command': './sdk/src/command.ts', 'dcs-sdk': './sdk/src/index.ts' },
    plugins: [editing(edits)],
  });
  for (const file of ['bin/run.js', 'package.json', 'oclif.manifest.json']) cpSync(join(ROOT, file), join(root, file));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** The folder of an official plugin with a fault in these commands, to be linked in place of the right one. */
export async function plantedPlugin(plugin: string, commands: readonly string[], { edits }: Fault): Promise<string> {
  const [right, root] = [join(ROOT, 'plugins', plugin), mkdtempSync(join(scratch, 'plugin-'))];
  for (const part of ['lib', 'package.json', 'oclif.manifest.json']) cpSync(join(right, part), join(root, part), { recursive: true });
  await build({
    ...COMMON,
    entryPoints: commands.map((name) => `plugins/${plugin}/src/commands/${name}.ts`),
    outdir: join(root, 'lib'),
    outbase: `plugins/${plugin}/src`,
    splitting: true,
    packages: 'external',
    plugins: [editing(edits)],
  });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** A module of the sources, with a fault, as one file. */
export async function plantedFile(entry: string, { edits }: Fault): Promise<string> {
  const file = join(mkdtempSync(join(scratch, 'module-')), 'module.mjs');
  await build({ ...COMMON, entryPoints: [entry], outfile: file, plugins: [editing(edits)] });
  return file;
}

/** The same, loaded for itself. */
export const plantedModule = async <T>(entry: string, fault: Fault): Promise<T> => (await import(await plantedFile(entry, fault))) as T;
