import { expect } from 'chai';
import { parse } from '../../src/config/document.ts';
import { makeProject } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';

function load(steps: string, chains: string): void {
  const text = `doppler: shop\ntransforms: ${chains}\ntargets: {api: {transform: {A: ${steps}}}}\n`;
  makeProject(parse(text, 'dcs.yaml', configSchema), {}, { file: '/dcs.yaml', root: '/' });
}

describe('transform in dcs.yaml', () => {
  const wrong: readonly [steps: string, chains: string, message: RegExp][] = [
    ['trm', '{}', /^dcs\.yaml:3:29: "trm" is no step and no chain; did you mean "trim"\?$/],
    ['[trim, jsn]', '{}', /^dcs\.yaml:3:39: "jsn" is no step and no chain; did you mean "json"\?$/],
    ['json', '{}', /3:29: json says nothing by itself; write \{json: \.\.\.\}\.$/],
    ['{jsn: .a}', '{}', /3:33: targets\.api\.transform\.A: unknown key "jsn"; did you mean "json"\?$/],
    ['{json: a}', '{}', /3:33: targets\.api\.transform\.A\.json must be a path such as/],
    ['{json: ".a["}', '{}', /must be a path/],
    ['{json: ".a..b"}', '{}', /must be a path/],
    ["{json: '.\"a'}", '{}', /must be a path/],
    ['{json: \'."\\x"\'}', '{}', /must be a path/],
    ['{json: ""}', '{}', /must be a path/],
    ['[{json: .5}]', '{}', /3:34: targets\.api\.transform\.A\.0\.json must be text/],
    ['[trim, {json: .a, yaml: .b}]', '{}', /A\.1 must be one step/],
    ['{}', '{}', /must be one step/],
    ['[]', '{}', /must not be empty/],
    ['{case: Upper}', '{}', /must be upper or lower/],
    ['{replace: {from: "", to: x}}', '{}', /replace\.from must not be empty/],
    ['trim', '{a: [trim, b], b: [{suffix: x}, a]}', /^dcs\.yaml:2:45: the chain leads back to itself: a -> b -> a\.$/],
    ['trim', `{${Array.from({ length: 5000 }, (_, index) => `c${index}: c${index + 1}`).join(', ')}, c5000: trim}`, /more than 100 steps/],
    ['trim', '{a: a}', /^dcs\.yaml:2:14: the chain leads back to itself: a -> a\.$/],
    ['trim', '{unused: [nope]}', /^dcs\.yaml:2:23: "nope" is no step/],
    ['trim', '{trim: base64-encode}', /^dcs\.yaml:2:14: trim is a step/],
    [
      'trim',
      `{${Array.from({ length: 30 }, (_, index) => (index === 0 ? 'c0: trim' : `c${index}: [c${index - 1}, c${index - 1}]`)).join(', ')}}`,
      /more than 100 steps/,
    ],
  ];
  for (const [steps, chains, message] of wrong)
    it(`refuses ${steps.slice(0, 40)} ${chains.slice(0, 40)}`, () => {
      expect(() => load(steps, chains))
        .to.throw(message)
        .with.property('code', 'CONFIG');
    });
  it('takes no globs: a name that matched nothing would be sent as it is', () => {
    expect(() => parse('doppler: s\ntargets: {api: {transform: {"A*": trim}}}\n', 'dcs.yaml', configSchema)).to.throw(
      /2:29: .*letters, digits/,
    );
  });
});
