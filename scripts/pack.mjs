// `npm run pack:npm`: the npm packages of a release and what describes them, from a clean clone into dist/; the same bytes each time.
//   dist/npm/*.tgz    the packages, as they are published (scripts/publish.mjs)
//   dist/dcs.cdx.json what is in them: CycloneDX
//   dist/dcs.rb       the Homebrew formula
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formula } from './formula.mjs';
import { publishedManifest, releasePackages } from './packages.mjs';
import { bill } from './sbom.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const npm = join(dirname(createRequire(import.meta.url).resolve('npm/package.json')), 'bin/npm-cli.js'); // the pinned one: another may compress otherwise
const into = resolve('dist/npm');

execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
rmSync('dist', { recursive: true, force: true });
mkdirSync(into, { recursive: true });

const packages = releasePackages();
for (const each of packages) pack(each);
writeFileSync(
  'dist/dcs.cdx.json',
  `${JSON.stringify(bill(packages, JSON.parse(readFileSync('package-lock.json', 'utf8'))), undefined, 2)}\n`,
);
writeFileSync('dist/dcs.rb', formula(packages.find(({ folder }) => folder === '.').manifest, into));

/** From a folder of its own, in which nothing stands but what is published. */
function pack({ folder, manifest }) {
  const at = (file) => join(folder, file);
  if (manifest.oclif !== undefined && JSON.parse(readFileSync(at('oclif.manifest.json'), 'utf8')).version !== manifest.version)
    throw new Error(`${folder}/oclif.manifest.json is of another version: npm run gen`);
  const stage = mkdtempSync(join(tmpdir(), 'dcs-pack-'));
  try {
    const entries = new Set(manifest.files.filter((file) => !file.startsWith('!')).map((file) => file.split('/')[1]));
    for (const entry of [...entries, 'README.md']) cpSync(at(entry), join(stage, entry), { recursive: true });
    cpSync('LICENSE', join(stage, 'LICENSE'));
    // Read at every start: without what makes it legible.
    if (manifest.oclif !== undefined)
      writeFileSync(join(stage, 'oclif.manifest.json'), JSON.stringify(JSON.parse(readFileSync(at('oclif.manifest.json'), 'utf8'))));
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(publishedManifest({ folder, manifest }), undefined, 2)}\n`);
    execFileSync(process.execPath, [npm, 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', into], {
      cwd: stage,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    rmSync(stage, { recursive: true });
  }
}
