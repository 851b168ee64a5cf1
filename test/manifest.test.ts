import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { manifest, packages } = (await import('../scripts/manifest.mjs' as string)) as {
  manifest: (folder: string) => Promise<string>;
  packages: readonly string[];
};

describe('oclif.manifest.json', () => {
  it('stands at the CLI and every plugin: without one oclif imports each command at each start', () => {
    expect(packages).to.include.members(['.', 'plugins/dcs-plugin-cloudflare', 'plugins/dcs-plugin-sandbox']);
  });

  for (const folder of packages)
    it(`is what the built commands say: ${folder} (stale? npm run gen)`, async () => {
      const committed = readFileSync(join(ROOT, folder, 'oclif.manifest.json'), 'utf8');
      expect(JSON.parse(committed)).to.deep.equal(JSON.parse(await manifest(folder)));
      const commands = Object.keys((JSON.parse(committed) as { commands: object }).commands);
      expect(commands.length > 0, 'it has commands').to.equal(existsSync(join(ROOT, folder, 'src/commands')));
      expect(committed, 'a path of the machine that wrote it').to.not.contain(ROOT.replace(/\/$/, ''));
      expect(committed).to.not.match(/file:\/\/|\/home\/|\/tmp\//);
    });
});

describe('docs/commands', () => {
  it('is what the manifests say (stale? npm run gen)', async () => {
    const { reference } = (await import('../scripts/reference.mjs' as string)) as { reference: () => [name: string, text: string][] };
    const pages = new Map(reference());
    const folder = join(ROOT, 'docs', 'commands');
    expect([...pages.keys()].toSorted()).to.deep.equal(readdirSync(folder).toSorted());
    for (const [name, text] of pages) expect(readFileSync(join(folder, name), 'utf8'), name).to.equal(text);
  });
});
