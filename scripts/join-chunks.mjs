// Node takes a third of a millisecond to find and link a file, and esbuild makes a chunk of every set of modules that the same commands
// share: forty files a start. Here those that most commands load go into a few (docs/performance.md has the figures).
import { rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * The files, each with the least share of the commands that loads a chunk of it. A chunk is loaded at least as often as what imports it,
 * so that no file needs a later one.
 */
const FILES = [
  ['lib/chunks/every-start.js', 1],
  ['lib/chunks/most-commands.js', 0.5],
  ['lib/chunks/many-commands.js', 0.3],
];

/** `outputs`: of the metafile of a build into lib. `always`: sources that every start loads. `options`: what both builds share. */
export async function joinChunks(outputs, always, options) {
  const joined = chunksToJoin(outputs, always);
  const files = [...new Set(joined.values())];
  // Two chunks may export the same name.
  const numbers = new Map([...joined.keys()].map((chunk, at) => [chunk, at]));
  const renamed = (chunk) => outputs[chunk].exports.map((name) => [name, `${name}_${numbers.get(chunk)}`]);
  for (const file of files)
    writeFileSync(
      file,
      exportsOf(
        [...joined.keys()].filter((chunk) => joined.get(chunk) === file),
        renamed,
      ),
    );
  const rest = Object.keys(outputs).filter((file) => file.endsWith('.js') && !joined.has(file));
  await build({
    ...options,
    entryPoints: [...files, ...rest].map((file) => ({ in: resolve(file), out: file.slice(0, -'.js'.length) })),
    outdir: '.',
    allowOverwrite: true,
    plugins: [{ name: 'join-chunks', setup: (esbuild) => rewire(esbuild, joined, renamed) }],
  });
  for (const file of joined.keys()) for (const each of [file, `${file}.map`]) rmSync(each);
}

/** Each chunk that is joined, and the file it goes into. */
function chunksToJoin(outputs, always) {
  const names = Object.keys(outputs);
  const every = names.filter((name) => always.includes(outputs[name].entryPoint));
  const commands = names.filter((name) => outputs[name].entryPoint?.startsWith('src/commands/'));
  const loaded = new Map();
  for (const command of commands) for (const name of closure(outputs, [command, ...every])) loaded.set(name, (loaded.get(name) ?? 0) + 1);
  const joined = new Map();
  for (const [name, count] of loaded) {
    const [file] = FILES.find(([, share]) => count >= share * commands.length) ?? [];
    if (file !== undefined && outputs[name].entryPoint === undefined) joined.set(name, file);
  }
  return joined;
}

/** All that is loaded with these files, before any of their code runs. */
function closure(outputs, names) {
  const seen = new Set(names);
  for (const name of seen)
    for (const { kind, path } of outputs[name].imports) if (kind === 'import-statement' && outputs[path] !== undefined) seen.add(path);
  return seen;
}

/** Leads every import of a joined chunk to the file that has it now. */
function rewire(esbuild, joined, renamed) {
  esbuild.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, namespace, resolveDir }) => {
    const chunk = relative(process.cwd(), join(resolveDir, path));
    const file = joined.get(chunk);
    if (file === undefined || namespace === 'moved') return { path, external: true };
    const from = relative(process.cwd(), importer);
    if (from === file || joined.get(from) === file) return { path: resolve(chunk) };
    return { path: `${chunk} for ${dirname(from)}`, namespace: 'moved', pluginData: { chunk, file, to: dirname(from) } };
  });
  esbuild.onLoad({ filter: /./, namespace: 'moved' }, ({ pluginData: { chunk, file, to } }) => {
    const names = renamed(chunk).map(([name, there]) => `${there} as ${name}`);
    return { contents: `export {${names.join(', ')}} from './${relative(to, file)}';` };
  });
}

const exportsOf = (chunks, renamed) =>
  chunks
    .map(
      (chunk) =>
        `export {${renamed(chunk)
          .map(([name, there]) => `${name} as ${there}`)
          .join(', ')}} from './${basename(chunk)}';`,
    )
    .join('\n');
