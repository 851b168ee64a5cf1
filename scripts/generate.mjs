// What is generated and committed: the CLI's manifest and the JSON Schema of dcs.yaml. Tests fail when they are stale.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

execFileSync('oclif', ['manifest', '--no-jit'], { stdio: ['ignore', 'ignore', 'inherit'] });
const manifest = JSON.parse(readFileSync('oclif.manifest.json', 'utf8'));
// oclif's order changes from run to run.
const sorted = Object.fromEntries(Object.entries(manifest.commands).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('oclif.manifest.json', `${JSON.stringify({ ...manifest, commands: sorted }, undefined, 2)}\n`);
execFileSync('node', ['scripts/schema.mjs'], { stdio: 'inherit' });
