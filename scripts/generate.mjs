// What is generated and committed: the manifests, the JSON Schema of dcs.yaml, docs/commands. Tests fail when they are stale.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { manifest, packages } from './manifest.mjs';
import { reference } from './reference.mjs';

for (const folder of packages) {
  // In one step, for whoever starts dcs meanwhile.
  const next = `${folder}/oclif.manifest.json.${process.pid}`;
  writeFileSync(next, await manifest(folder));
  renameSync(next, `${folder}/oclif.manifest.json`);
}
execFileSync('node', ['scripts/schema.mjs'], { stdio: 'inherit' });
rmSync('docs/commands', { recursive: true, force: true });
mkdirSync('docs/commands');
for (const [name, text] of reference()) writeFileSync(`docs/commands/${name}`, text);
