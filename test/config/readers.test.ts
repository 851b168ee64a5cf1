import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { checkIdentities } from '../../src/config/identities.ts';
import { makeProject } from '../../src/config/project.ts';
import { parse } from '../../src/config/document.ts';
import { CORE_TARGET_KEYS } from '../../src/config/core-target-keys.ts';
import { configSchema } from '../../src/config/schema.ts';

const folder = new URL('../../src/config/', import.meta.url);
const code = readdirSync(folder)
  .filter((file) => !['schema.ts', 'json-schema.ts', 'core-target-keys.ts'].includes(file))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n');

describe('the schema of dcs.yaml', () => {
  for (const key of [...Object.keys(configSchema.shape), ...CORE_TARGET_KEYS].filter((one) => one !== 'version'))
    it(`has a reader for ${key}`, () => {
      expect(code).to.match(new RegExp(`(config\\??\\.|\\{ )${key}\\b|LATER = \\[.*'${key}'`));
    });
});

describe('two writers of one place', () => {
  const check = (options: string): void => {
    const text = `doppler: s\ntargets: {api: {${options}}}\n`;
    const project = makeProject(parse(text, 'dcs.yaml', configSchema), {}, { file: '/dcs.yaml', root: '/' });
    const all = [...project.targets.values()].map((entry) => ({ project, entry, title: entry.name }));
    checkIdentities(all, (entry, environment) => String(entry.optionsFor(environment)['worker']));
  };
  it('are refused unless shared', () => {
    expect(() => check('worker: {staging: a, prod: a}')).to.throw(/api in prod and api in staging are one place/);
    for (const fine of ['worker: {staging: a, prod: b}', 'worker: {staging: a, prod: a}, shared: true', 'worker: a']) check(fine);
  });
});
