// What is generated and committed: the manifests, the JSON Schema of dcs.yaml, docs/commands, docs/api. Tests fail when they are stale.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { api } from './api.mjs';
import { manifest, packages } from './manifest.mjs';
import { reference } from './reference.mjs';

for (const folder of packages) {
  // In one step, for whoever starts dcs meanwhile.
  const next = `${folder}/oclif.manifest.json.${process.pid}`;
  writeFileSync(next, await manifest(folder));
  renameSync(next, `${folder}/oclif.manifest.json`);
}
execFileSync('node', ['scripts/schema.mjs'], { stdio: 'inherit' });
/** @param {string} folder @param {readonly (readonly [name: string, text: string])[]} pages */
function write(folder, pages) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of pages) writeFileSync(`${folder}/${name}`, text);
}
write('docs/commands', reference());
write('docs/api', api());
