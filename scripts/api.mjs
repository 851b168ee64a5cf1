// docs/api: what dcs-sdk and dcs-runtime export, from the declarations that tsc built. `npm run gen` writes it, a test compares.
// Not by typedoc: it needs the compiler's API, which TypeScript 7 does not have (last verified 2026-11-21).
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What tsc writes begins at the margin and ends at the margin. */
const DECLARATION =
  /^((?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)(export (?:declare |default )?(?:abstract )?(?:interface|type|class|function|const|let) (\w+)[\s\S]*?)(?=\n(?:\/\*\*|export |import |declare |\/\/#)|\n*$(?![\s\S]))/gm;
const REEXPORT = /^export (?:type )?(?:\{([^}]*)\}|\*) from '([^']+)';$/gm;

/** @returns {Map<string, {file: string, doc: string, code: string}>} by name */
function exportsOf(file) {
  const text = readFileSync(file, 'utf8');
  const found = new Map();
  for (const [, doc, code, name] of text.matchAll(DECLARATION)) {
    const known = found.get(name);
    // Overloads of a function are one entry.
    found.set(name, known ? { ...known, code: `${known.code}\n${code.trim()}` } : { file, doc: prose(doc), code: code.trim() });
  }
  for (const [, names, from] of text.matchAll(REEXPORT)) {
    const there = exportsOf(declarations(join(dirname(file), from)));
    const wanted =
      names === undefined
        ? [...there.keys()].map((name) => [name, name])
        : names
            .split(',')
            .filter((one) => one.trim() !== '')
            .map(pair);
    for (const [name, as] of wanted) {
      const one = there.get(name);
      if (one === undefined) throw new Error(`${file}: ${from} has no ${name}`);
      found.set(as, one);
    }
  }
  return found;
}

const pair = (word) => {
  const [name, as] = word
    .trim()
    .replace(/^type /, '')
    .split(' as ');
  return [name, as ?? name];
};
const declarations = (file) => [file.replace(/\.[jt]s$/, '.d.ts'), join(file, 'index.d.ts')].find((one) => existsSync(one));
const prose = (doc) =>
  doc
    .replaceAll(/^\s*(?:\/\*\*|\*\/|\*)[ ]?|\s*\*\/$/gm, '')
    .trim()
    .replaceAll('@deprecated', '**Deprecated.**');
const shown = (code) =>
  code
    .replaceAll(/^export (declare )?/gm, '')
    .replaceAll(/^ +#private;\n/gm, '')
    .replaceAll(/^(?: {4})+/gm, (indent) => indent.slice(0, indent.length / 2));

/** `[name, text]` of every page. */
export function api() {
  return ['sdk', 'runtime'].map((folder) => {
    const { name, description, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const placed = new Map();
    const sections = Object.entries(exports)
      .filter(([, to]) => to.types !== undefined)
      .map(([entry, to]) => {
        const from = entry.replace(/^\./, name);
        const all = [...exportsOf(join(root, folder, to.types))].toSorted(([a], [b]) => (a < b ? -1 : 1));
        const again = all.filter(([symbol, { file }]) => placed.has(`${file} ${symbol}`));
        const fresh = all.filter((one) => !again.includes(one));
        for (const [symbol, { file }] of fresh) placed.set(`${file} ${symbol}`, from);
        return [
          `## ${from}\n`,
          ...fresh.map(([symbol, { doc, code }]) => `### ${symbol}\n\n${doc === '' ? '' : `${doc}\n\n`}\`\`\`ts\n${shown(code)}\n\`\`\`\n`),
          ...(again.length === 0
            ? []
            : [`Also ${again.map(([symbol, { file }]) => `\`${symbol}\` of \`${placed.get(`${file} ${symbol}`)}\``).join(', ')}.\n`]),
        ].join('\n');
      });
    return [`${name}.md`, `# ${name}\n\n${description}.\n\n${sections.join('\n')}`];
  });
}
