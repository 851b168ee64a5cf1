// What others wrote and the bundle contains: for its licences, which go along, and for the bill of materials.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The packages of `node_modules` that esbuild took something of: `{path, name, version, license}`, by path. */
export function bundled(metafile) {
  const paths = new Set();
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [path] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input) ?? [];
      if (path !== undefined && bytesInOutput > 0) paths.add(path);
    }
  return [...paths]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      return { path, name, version, license };
    });
}

/** The texts of their licences. One without a licence may not be in a release. */
export function licenses(packages) {
  return packages
    .map(({ path, name, version, license }) => {
      if (typeof license !== 'string') throw new Error(`${name} ${version} names no licence`);
      const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry)) ?? 'package.json';
      const text = file === 'package.json' ? '' : `\n${readFileSync(join(path, file), 'utf8').trim()}\n`;
      const notice = existsSync(join(path, 'NOTICE')) ? `\n${readFileSync(join(path, 'NOTICE'), 'utf8').trim()}\n` : '';
      return `${name} ${version} (${license})\n${text}${notice}`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
