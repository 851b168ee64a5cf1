// The last step of a release: dist/SHA256SUMS, a line for each file of dist, as `sha256sum --check` reads it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const sums = join(dist, 'SHA256SUMS');
const lines = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((file) => !file.startsWith(sums))
  .map((file) => ({
    name: relative(dist, file).replaceAll('\\', '/'),
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
  }))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  .map(({ name, sha256 }) => `${sha256}  ${name}\n`);
writeFileSync(sums, lines.join(''));
