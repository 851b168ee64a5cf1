// Types and plugins by tsc; the CLI itself as one bundle, an entry a command: that halves its start-up (docs/performance.md).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundled, licenses } from './bundled.mjs';
import { joinChunks } from './join-chunks.mjs';
import { quickStart } from './quick-start.mjs';

const plugins = readdirSync('plugins').filter((name) => existsSync(`plugins/${name}/tsconfig.json`));
// tsc never deletes: a removed command would stay registered.
if (!process.argv.includes('--keep'))
  for (const lib of ['lib', 'sdk/lib', 'runtime/lib', ...plugins.map((name) => `plugins/${name}/lib`)])
    rmSync(lib, { recursive: true, force: true });

execFileSync('tsc', ['-b', 'sdk', 'runtime', 'src', ...plugins.map((name) => `plugins/${name}`)], { stdio: 'inherit' });

const entries = ['src/main.ts', ...globSync('src/commands/**/*.ts'), ...globSync('src/hooks/**/*.ts')];
const options = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.15',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'eof',
  // Binaries, and optional. Everything else is in the bundle: what is installed is small, and nobody changes it between its release and its use.
  external: ['@lydell/node-pty', '@napi-rs/keyring', 'typescript'], // typescript: oclif's development mode, never here
  logLevel: 'warning',
};
const { metafile } = await build({
  ...options,
  entryPoints: entries,
  outdir: 'lib',
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  metafile: true,
  plugins: [quickStart],
});
await joinChunks(metafile.outputs, ['src/main.ts', 'src/hooks/init.ts'], {
  ...options,
  // For CommonJS in the bundle. Without an `import`, which every chunk would pay for.
  banner: {
    js: "const __node = process.getBuiltinModule, __filename = import.meta.filename, __dirname = import.meta.dirname, __ownRequire = () => __node('node:module').createRequire(import.meta.url), require = Object.assign((id) => __node(id) ?? __ownRequire()(id), { resolve: (...all) => __ownRequire().resolve(...all) });",
  },
});
writeFileSync('lib/THIRD-PARTY-LICENSES.txt', licenses(bundled(metafile)));
writeFileSync('lib/bundled.json', `${JSON.stringify(bundled(metafile), undefined, 2)}\n`);
cpSync('src/shell/scripts', 'lib/shell/scripts', { recursive: true });
cpSync('src/completion/scripts', 'lib/completion/scripts', { recursive: true });
if (existsSync('src/templates')) cpSync('src/templates', 'lib/templates', { recursive: true });
execFileSync('node', ['scripts/link.mjs'], { stdio: 'inherit' });
// A command that is not in the manifest does not exist. Not in CI: there a stale manifest has to fail its test.
if (process.argv.includes('--keep')) execFileSync('node', ['scripts/generate.mjs'], { stdio: 'inherit' });
