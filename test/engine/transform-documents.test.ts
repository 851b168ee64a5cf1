import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { parse } from '../../src/config/document.ts';
import { makeProject } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';
import { STEPS } from '../../src/engine/transform/steps.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([^`]+)` \| `(".*?")` \| `(".*?")` \|/gm)].map(([, step, value, result]) => ({
  step: step!,
  value: JSON.parse(value!) as string,
  result: JSON.parse(result!) as string,
}));

describe('docs/configuration.md: transforms', () => {
  it('lists every step', () => {
    expect(rows.map(({ step }) => /[a-z0-9-]+/.exec(step)![0])).to.deep.equal(Object.keys(STEPS));
  });
  for (const { step, value, result } of rows)
    it(`${step} does what the page says`, async () => {
      const text = `doppler: shop\ntargets: {api: {transform: {A: ${step}}}}\n`;
      const project = makeProject(parse(text, 'dcs.yaml', configSchema), {}, { file: '/dcs.yaml', root: '/' });
      const transforms = await compileTransforms(project.targets.get('api')!.transform);
      expect(transforms.apply('A', new Secret(value)).reveal()).to.equal(result);
    });
});
