// The last step of a release: dist/SHA256SUMS, a line for each file of dist, as `sha256sum --check` reads it; with a signing key also its
// signature. dist/updates is signed by itself.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const sums = join(dist, 'SHA256SUMS');
const lines = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((file) => !file.startsWith(sums) && !file.startsWith(join(dist, 'updates', sep)))
  .map((file) => ({
    name: relative(dist, file).replaceAll('\\', '/'),
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
  }))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  .map(({ name, sha256 }) => `${sha256}  ${name}\n`);
writeFileSync(sums, lines.join(''));
if (process.env.DCS_SIGNING_KEY || process.env.DCS_SIGNING_KEY_FILE) {
  const { signFile, signingKey } = await import('./sign.mjs');
  signFile(sums, signingKey());
}
