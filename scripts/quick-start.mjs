// What the bundle does otherwise than its sources, because every start pays for it (docs/performance.md has the figures).
import { readFile } from 'node:fs/promises';

const OWN = /\/(src|sdk\/lib)\/.*\.(ts|js)$/;

/** Each: which files, what is there, what comes instead. A start without it is slower, and nothing else. */
const CHANGES = [
  // An `import` of a part of Node reads all that it exports, also what loads only when it is read: streams, web crypto.
  {
    files: OWN,
    from: /^import (?!type )(\* as \w+|\w+|\{[^}]*\}) from '(node:[\w/]+)';$/gm,
    to: (_, names, module) => `const ${bound(names)} = process.getBuiltinModule('${module}');`,
  },
  // The whole of oclif, where a part of it is meant.
  {
    files: OWN,
    from: /^import (?!type )\{([^}]*)\} from '@oclif\/core';$/gm,
    to: (_, names) => imported(names).map(parts).join(' '),
  },
  // Sorting by the rules of a language loads these rules, to sort what the manifest has sorted.
  {
    files: /@oclif\/core\/lib\/config\/plugin\.js$/,
    from: /a\.id\.localeCompare\(b\.id\)/g,
    to: () => '(a.id < b.id ? -1 : 1)',
  },
  // Looks for commands where a plugin has no manifest, and looks on the disk for a library as it loads.
  {
    files: /@oclif\/core\/lib\/config\/plugin\.js$/,
    from: /const tinyglobby_1 = require\("tinyglobby"\);/g,
    to: () => 'const tinyglobby_1 = { glob: (...all) => require("tinyglobby").glob(...all) };',
  },
  // Says nothing without the variable DEBUG.
  {
    files: /@oclif\/core\/lib\/logger\.js$/,
    from: /__importDefault\(require\("debug"\)\)/g,
    to: () => 'process.env.DEBUG ? __importDefault(require("debug")) : { default: () => () => {} }',
  },
  // Three packages and a look at the disk, to know whether Linux runs inside Windows.
  {
    files: /@oclif\/core\/lib\/util\/os\.js$/,
    from: /\(await import\('wsl-utils'\)\)\.isWsl/g,
    to: () => '/microsoft/i.test((0, node_os_1.release)())',
  },
];

/** What a list of names takes besides types. */
const imported = (names) =>
  names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));

/** The names of an import as what a declaration binds: `{a as b}` is `{a: b}`. */
const bound = (names) =>
  names.startsWith('{') ? `{${imported(names.slice(1, -1)).join(', ').replaceAll(' as ', ': ')}}` : names.replace('* as ', '');

function parts(name) {
  if (name === 'Args' || name === 'Flags') return `import * as ${name} from '@oclif/core/${name.toLowerCase()}';`;
  if (name === 'Command') return "import { Command } from '@oclif/core/command';";
  return `import { ${name} } from '@oclif/core';`;
}

/** A plugin of esbuild. */
export const quickStart = {
  name: 'quick-start',
  setup({ onLoad, onEnd }) {
    const made = new Set();
    onLoad({ filter: /\.(ts|js)$/ }, async ({ path }) => {
      const changes = CHANGES.filter(({ files }) => files.test(path));
      if (changes.length === 0) return undefined;
      let contents = await readFile(path, 'utf8');
      for (const change of changes)
        contents = contents.replaceAll(change.from, (...found) => {
          made.add(change);
          return change.to(...found) + '\n'.repeat(found[0].split('\n').length - 1); // source maps stay right
        });
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
    // Another version of a library may be written otherwise.
    onEnd(() => ({ errors: CHANGES.filter((change) => !made.has(change)).map(({ from }) => ({ text: `nothing is like ${from}` })) }));
  },
};
