// Publishes what `npm run pack` packed, these very files, in an order in which each finds what it depends on. May be run again: what
// the registry has is left, and an error when it is not the same. `node scripts/publish.mjs [options of npm publish]`
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releasePackages } from './packages.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const options = process.argv.slice(2);
const registry = options.find((option) => option.startsWith('--registry='))?.slice('--registry='.length) ?? 'https://registry.npmjs.org/';
const sums = new Map(
  readFileSync('dist/SHA256SUMS', 'utf8')
    .split('\n')
    .map((line) => [line.slice(66), line.slice(0, 64)]),
);

for (const { manifest } of releasePackages()) {
  const { name, version } = manifest;
  const file = `npm/${name}-${version}.tgz`;
  const bytes = readFileSync(join('dist', file));
  if (sums.get(file) !== createHash('sha256').update(bytes).digest('hex')) throw new Error(`${file} is not what dist/SHA256SUMS says`);
  const there = await fetch(new URL(`${name}/${version}`, registry), { signal: AbortSignal.timeout(30_000) });
  if (there.status !== 404 && !there.ok) throw new Error(`${registry} answered ${there.status} for ${name}`);
  if (there.ok) {
    const { dist } = await there.json();
    if (dist.integrity !== `sha512-${createHash('sha512').update(bytes).digest('base64')}`)
      throw new Error(`${name} ${version} is published with other content`);
    console.log(`${name} ${version} is published already`);
    continue;
  }
  // A version like 1.2.0-beta.1 must not become what everybody installs.
  const tag = version.includes('-') ? ['--tag', 'beta'] : [];
  execFileSync('npm', ['publish', join('dist', file), '--ignore-scripts', ...tag, ...options], { stdio: 'inherit' });
}
