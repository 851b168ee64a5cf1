// What is generated and committed: the manifests and the JSON Schema of dcs.yaml. Tests fail when they are stale.
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { manifest, packages } from './manifest.mjs';

for (const folder of packages) {
  // In one step, for whoever starts dcs meanwhile.
  const next = `${folder}/oclif.manifest.json.${process.pid}`;
  writeFileSync(next, await manifest(folder));
  renameSync(next, `${folder}/oclif.manifest.json`);
}
execFileSync('node', ['scripts/schema.mjs'], { stdio: 'inherit' });
