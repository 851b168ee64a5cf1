import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OFFICIAL_PLUGINS } from '../../src/registry.ts';
import { ROOT } from '../e2e/world.ts';

interface Declared {
  readonly targets?: Record<string, string>;
  readonly sources?: Record<string, string>;
  readonly credentials?: readonly string[];
}

/** What is declared is believed without a look at the code: a name that is missing there would be synced. */
describe('the credentials that a package.json declares', () => {
  for (const { plugin, types } of OFFICIAL_PLUGINS.filter((each) => each.types.length > 0))
    it(`are those that its targets and sources sign in with: ${plugin}`, async () => {
      const folder = join(ROOT, 'plugins', plugin);
      const { oclif } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { oclif: { dcs: Declared } };
      const { targets = {}, sources = {}, credentials } = oclif.dcs;
      const files = [...Object.values(targets), ...Object.values(sources)];
      expect(files.length).to.be.at.least(types.length);
      const definitions = (await Promise.all(files.map((file) => import(join(folder, file))))) as {
        default: { credentials: readonly string[] };
      }[];
      const all = new Set(definitions.flatMap(({ default: { credentials: names } }) => names));
      expect([...(credentials ?? [])].toSorted()).to.deep.equal([...all].toSorted());
    });
});
