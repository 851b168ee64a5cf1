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

type Pages = () => [name: string, text: string][];
const { reference } = (await import('../scripts/reference.mjs' as string)) as { reference: Pages };
const { api } = (await import('../scripts/api.mjs' as string)) as { api: Pages };

for (const [place, made] of [
  ['docs/commands', reference],
  ['docs/api', api],
] as const)
  describe(place, () => {
    const pages = new Map(made());
    const committed = (name: string): string => readFileSync(join(ROOT, place, name), 'utf8');

    it('is what the built packages say (stale? npm run gen)', () => {
      expect([...pages.keys()].toSorted()).to.deep.equal(readdirSync(join(ROOT, place)).toSorted());
      for (const [name, text] of pages) expect(committed(name), name).to.equal(text);
    });
  });

describe('docs/api', () => {
  it('has what plugins and apps import, with what it says of itself', () => {
    const pages = new Map(api());
    expect(pages.get('dcs-sdk.md'))
      .to.match(/^### defineTarget\n/m)
      .and.match(/^## dcs-sdk\/testing\n[\s\S]*^### testTarget\n/m);
    expect(pages.get('dcs-sdk.md')).to.match(/^### decide\n\nThe decision table [^\n]+\n\n```ts\nfunction decide\(facts: Facts/m);
    expect(pages.get('dcs-runtime.md')).to.match(/^## dcs-runtime\/cloudflare\n[\s\S]*^### withSecrets\n/m);
  });
});
