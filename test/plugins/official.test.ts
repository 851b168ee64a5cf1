import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OFFICIAL_PLUGINS } from '../../src/registry.ts';
import { ROOT } from '../e2e/world.ts';

const json = (file: string): never => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as never;
const firstWords = (folder: string): string[] =>
  Object.keys((json(`${folder}/oclif.manifest.json`) as { commands: object }).commands).map((id) => id.split(':')[0]!);

describe('OFFICIAL_PLUGINS', () => {
  const core = new Set(firstWords('.'));
  for (const folder of globSync('plugins/dcs-plugin-*', { cwd: ROOT })) {
    const { name, oclif } = json(`${folder}/package.json`) as { name: string; oclif: { dcs: { targets?: object; sources?: object } } };
    it(`knows what ${name} brings: its types, and the words that only it answers`, () => {
      const known = OFFICIAL_PLUGINS.find(({ plugin }) => plugin === name);
      expect(known?.types.map(({ type }) => type).toSorted()).to.deep.equal(
        [...Object.keys(oclif.dcs.targets ?? {}), ...Object.keys(oclif.dcs.sources ?? {})].toSorted(),
      );
      expect([...new Set(firstWords(folder))].filter((word) => !core.has(word) && !known?.words.includes(word))).to.deep.equal([]);
    });
  }
});
