import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { SourceDefinition, TargetDefinition } from 'dcs-sdk';
import { parse } from '../src/config/document.ts';
import { makeProject } from '../src/config/project.ts';
import { configSchema } from '../src/config/schema.ts';
import { ROOT } from './e2e/world.ts';

const PAGE: Readonly<Record<string, string>> = {
  cloudflare: 'targets/cloudflare.md',
  gcp: 'targets/gcp.md',
  firebase: 'targets/firebase.md',
  neon: 'neon.md',
};

for (const [name, page] of Object.entries(PAGE))
  describe(`docs/${page}`, () => {
    const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
    const folder = join(ROOT, 'plugins', `dcs-plugin-${name}`);
    const { dcs } = (
      JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { oclif: { dcs: { targets?: object; sources?: object } } }
    ).oclif;

    for (const [type, file] of Object.entries({ ...dcs.targets, ...dcs.sources }) as [string, string][])
      it(`explains ${type} and each of its keys`, async () => {
        const { default: definition } = (await import(pathToFileURL(join(folder, file)).href)) as {
          default: Pick<TargetDefinition<never> | SourceDefinition<never>, 'keys'>;
        };
        expect(text).to.contain(type);
        expect(definition.keys!.length).to.be.above(0);
        expect(
          definition.keys!.filter((key) => !text.includes(`\`${key}\``)),
          'keys it leaves out',
        ).to.deep.equal([]);
      });
  });

describe('the yaml of the pages', () => {
  const blocks = globSync('docs/**/*.md', { cwd: ROOT })
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```yaml(?: \S+)?\n([\s\S]*?)^```/gm)].map(([, block]) => ({
        file,
        block: block!,
      })),
    )
    .filter(({ block }) => /^(doppler|targets|sources):/m.test(block));

  it('loads, with the project it leaves out', () => {
    expect(blocks.length).to.be.above(12);
    for (const { file, block } of blocks) {
      const whole = /^(doppler|workspaces):/m.test(block) ? block : `doppler: shop\n${block}`;
      const project = makeProject(parse(whole, file, configSchema), {}, { file, root: ROOT });
      for (const entry of [...project.targets.values(), ...project.sources.values()])
        for (const environment of entry.environments) entry.optionsFor(environment);
    }
  });
});
