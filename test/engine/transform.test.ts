import { expect } from 'chai';
import { isDcsError, Secret, type Held } from 'dcs-sdk';
import * as fc from 'fast-check';
import { parse } from '../../src/config/document.ts';
import { makeProject } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';
import { shape, shapeDigest, type ShapeRules } from '../../src/engine/shape.ts';
import { compileTransforms, type TransformRules } from '../../src/engine/transform/compile.ts';
import { TransformError } from '../../src/engine/transform/error.ts';
import { STEPS } from '../../src/engine/transform/steps.ts';

/** `transform: {A: ...}` of a dcs.yaml, read as users write it. */
function rules(steps: string, chains = '{}'): TransformRules {
  const text = `doppler: shop\ntransforms: ${chains}\ntargets: {api: {transform: {A: ${steps}}}}\n`;
  const project = makeProject(parse(text, 'dcs.yaml', configSchema), {}, { file: '/dcs.yaml', root: '/' });
  return project.targets.get('api')!.transform;
}

async function apply(steps: string, value: string, chains?: string): Promise<string> {
  return (await compileTransforms(rules(steps, chains))).apply('A', new Secret(value)).reveal();
}

async function refusal(steps: string, value: string, chains?: string): Promise<TransformError> {
  try {
    await apply(steps, value, chains);
  } catch (error) {
    if (error instanceof TransformError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const NUL = '\0';
const DEEP = 100_000;

describe('transform steps', () => {
  const does: readonly [steps: string, value: string, result: string][] = [
    ['trim', ' \t a b\r\n', 'a b'],
    ['trim', ' \n', ''],
    ['multiline-to-single', 'a\r\nb\nc\rd\n', 'a\\nb\\nc\\nd\\n'],
    ['multiline-to-single', 'a b', 'a b'],
    ['base64-encode', 'ö', 'w7Y='],
    ['base64-decode', 'w7Y=', 'ö'],
    ['base64-decode', '', ''],
    ['base64-decode', '77u/YQ==', '\uFEFFa'],
    ['base64-decode', 'AA==', NUL],
    ['base64url-encode', '>>>?', 'Pj4-Pw'],
    ['base64url-decode', 'Pj4-Pw', '>>>?'],
    ['base64url-decode', 'Pj4-Pw==', '>>>?'],
    ['{json: .a.b}', '{"a": {"b": "x"}}', 'x'],
    ['{json: ".a[1].c"}', '{"a": [0, {"c": true}]}', 'true'],
    ['{json: \'."a.b"["c d"].e\'}', '{"a.b": {"c d": {"e": "x"}}}', 'x'],
    ['{json: \'."q\\"\\u00f6"\'}', '{"q\\"ö": "x"}', 'x'],
    ['{json: "[0]"}', '["x"]', 'x'],
    ['{json: .}', ' [1.10, {"n": 12345678901234567890}] ', '[1.10,{"n":12345678901234567890}]'],
    ['{json: .n}', '{"n": 1.10}', '1.10'],
    ['{json: .n}', '{"n": 12345678901234567890}', '12345678901234567890'],
    ['{json: .n}', '{"n": -0}', '-0'],
    ['{json: .n}', '{"n": 1E400}', '1E400'],
    ['{json: .n}', '{"n": 1.1, "n": 2.20}', '2.20'],
    ['{json: .__proto__.x}', '{"__proto__": {"x": "own"}}', 'own'],
    ['{json: .empty}', '{"empty": ""}', ''],
    ['{yaml: .a.b}', 'a:\n  b: x # c\n', 'x'],
    ['{yaml: .n}', 'n: 1.10', '1.10'],
    ['{yaml: .n}', 'n: 12345678901234567890', '12345678901234567890'],
    ['{yaml: .n}', 'n: 0x1F', '0x1F'],
    ['{yaml: .s}', 'n: .inf\ns: x', 'x'],
    ['{yaml: .v}', 'v: yes', 'yes'],
    ['{yaml: .v}', 'v: 2026-11-21', '2026-11-21'],
    ['{yaml: .}', 'a: [1.10, "2", true]\n3.10: c', '{"a":[1.10,"2",true],"3.10":"c"}'],
    ['{yaml: .b}', 'a: &x {n: 1.10}\nb: *x', '{"n":1.10}'],
    ['{yaml: .pem}', 'pem: |\n  a\n  b\n', 'a\nb\n'],
    ['{replace: {from: "$&", to: "$$"}}', 'a$&b$&', 'a$$b$$'],
    ['{replace: {from: "\\n", to: ""}}', 'a\nb\n', 'ab'],
    ['{split: ","}', 'a,,"b"', '["a","","\\"b\\""]'],
    ['{join: "; "}', '["a", 1.10, true]', 'a; 1.10; true'],
    ['{join: ""}', '[]', ''],
    ['[{split: "\\n"}, {json: "[1]"}]', 'a\nb', 'b'],
    ['{prefix: "Bearer "}', 'x', 'Bearer x'],
    ['{suffix: "\\n"}', 'x', 'x\n'],
    ['{case: upper}', 'straße', 'STRASSE'],
    ['{case: lower}', 'ÀB', 'àb'],
    ['[trim, base64-decode, {json: .private_key}]', ` ${Buffer.from('{"private_key":"-----\\n"}').toString('base64')}\n`, '-----\n'],
  ];
  for (const [steps, value, result] of does)
    it(`${steps} makes ${JSON.stringify(result).slice(0, 60)}`, async () => expect(await apply(steps, value)).to.equal(result));

  it('each has a case here', () => {
    const used = does.map(([steps]) => steps).join(' ');
    expect(Object.keys(STEPS).filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).to.deep.equal([]);
  });

  const CANARY = 'canary9f2c';
  const refuses: readonly [steps: string, value: string, reason: RegExp][] = [
    ['base64-decode', `${CANARY}!`, /is not base64$/],
    ['base64-decode', 'YQ', /is not base64$/],
    ['base64-decode', 'YQ==\n', /is not base64$/],
    ['base64-decode', 'YR==', /is not base64$/],
    ['base64-decode', 'Pj4-Pw==', /is not base64$/],
    ['base64-decode', '/w==', /not UTF-8/],
    ['base64url-decode', 'Pj4-Pw=', /is not base64url$/],
    ['base64url-decode', 'Pj4+', /is not base64url$/],
    ['base64url-decode', '_w', /not UTF-8/],
    ['{json: .a}', `{"a": ${CANARY}}`, /is not JSON$/],
    ['{json: .a}', '', /is not JSON$/],
    ['{json: .a}', `{"b": "${CANARY}"}`, /nothing at \.a$/],
    ['{json: .a}', '{"a": null}', /null at \.a$/],
    ['{json: .length}', `["${CANARY}"]`, /nothing at \.length$/],
    ['{json: .constructor}', '{}', /nothing at/],
    ['{json: ".a[2]"}', `{"a": ["${CANARY}"]}`, /nothing at \.a\[2\]$/],
    ['{json: "[0]"}', '{"0": 1}', /nothing at/],
    ['{json: .rawJSON}', '1.10', /nothing at/],
    ['{json: .a.b}', `{"a": "${CANARY}"}`, /nothing at/],
    ['{json: .a}', '{"a": "\\ud800"}', /well-formed/],
    ['{json: .}', '['.repeat(DEEP) + ']'.repeat(DEEP), /too deeply$/],
    ['{yaml: .a}', `a: [${CANARY}`, /is not YAML$/],
    ['{yaml: .a}', `a: 1\na: ${CANARY}`, /is not YAML$/],
    ['{yaml: .a}', `a: 1\n---\nb: ${CANARY}`, /is not YAML$/],
    ['{yaml: .a}', `a: !js ${CANARY}`, /is not YAML$/],
    ['{yaml: .a}', `? [${CANARY}]\n: 1`, /plain text$/],
    ['{yaml: .a}', `a: *${CANARY}`, /is not YAML$|names nothing/],
    ['{yaml: .a}', 'a: &x [*x]', /inside what it names$/],
    ['{yaml: .}', 'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]', /too many$/],
    ['{yaml: .}', 'a: .inf', /JSON cannot write/],
    ['{yaml: .}', '', /null at/],
    ['{yaml: .}', '['.repeat(20_000), /too deeply$|not YAML$/],
    ['{join: ","}', CANARY, /is not JSON$/],
    ['{join: ","}', `{"a": "${CANARY}"}`, /not a JSON list$/],
    ['{join: ","}', `["a", ["${CANARY}"]]`, /more than texts/],
    ['{join: ","}', '[null]', /more than texts/],
  ];
  for (const [steps, value, reason] of refuses)
    it(`${steps} refuses ${JSON.stringify(value).slice(0, 40)}`, async () => {
      const error = await refusal(`[trim, ${steps}]`.replace('trim, ', value.endsWith('\n') ? '' : 'trim, '), value);
      expect(error.reason).to.match(reason);
      expect(isDcsError(error) && error.code).to.equal('CONFIG');
      expect(`${error.stack}${error.message}${JSON.stringify(error)}${JSON.stringify(error.details)}`).to.not.contain(CANARY);
    });

  it('names the secret and the step as people count', async () => {
    expect((await refusal('{json: .a}', 'x')).message).to.equal('A: transform step 1 (json): the value is not JSON.');
    expect((await refusal('[trim, pem]', 'x!', '{pem: [trim, both], both: base64-decode}')).message).to.equal(
      'A: transform step 2.2.1 (base64-decode): the value is not base64.',
    );
  });

  it('leaves a name without steps alone', async () => {
    const secret = new Secret(' x ');
    expect((await compileTransforms(rules('trim'))).apply('B', secret)).to.equal(secret);
  });

  it('never quotes a value, whatever it is', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...refuses.map(([steps]) => steps)), fc.string({ minLength: 1 }), async (steps, noise) => {
        const value = `${CANARY}${noise}`;
        try {
          await apply(steps, value);
        } catch (error) {
          expect(error).to.be.instanceOf(TransformError);
          expect(`${(error as Error).stack}`).to.not.contain(CANARY);
        }
      }),
    ));

  const roundTrips = [
    '[base64-encode, base64-decode]',
    '[base64url-encode, base64url-decode]',
    '[{split: ","}, {join: ","}]',
    '[{split: "ab"}, {join: "ab"}]',
    '[{split: ","}, {json: .}, {join: ","}]',
    '[{split: ","}, {yaml: .}, {join: ","}]',
  ];
  for (const steps of roundTrips)
    it(`${steps} gives back what it took`, async () => {
      const transforms = await compileTransforms(rules(steps));
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n') })), (value) => {
          fc.pre(!steps.includes('yaml') || !/[\p{Cc}\p{Co}\p{Cn}]/u.test(value));
          expect(transforms.apply('A', new Secret(value)).reveal()).to.equal(value);
        }),
      );
    });

  it('gives every JSON number back as it was written', async () => {
    const transforms = await compileTransforms(rules('{json: ".n[0]"}'));
    const digits = (first: string): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^${first}[0-9]{0,30}$`));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(fc.constant('0'), digits('[1-9]')),
        fc.option(digits('[0-9]')),
        fc.option(digits('[eE][+-]?[0-9]')),
      )
      .map(([sign, whole, part, exponent]) => `${sign}${whole}${part === null ? '' : `.${part}`}${exponent ?? ''}`);
    fc.assert(
      fc.property(number, (written) => {
        expect(transforms.apply('A', new Secret(`{"n": [${written}]}`)).reveal()).to.equal(written);
      }),
    );
  });
});

describe('transform in the shape of a target', () => {
  const shaping = async (steps: string, more: Partial<ShapeRules> = {}): Promise<ShapeRules> => ({
    include: ['*'],
    exclude: [],
    rename: new Map(),
    prefix: '',
    credentials: new Set(),
    transforms: await compileTransforms(rules(steps)),
    ...more,
  });
  const value = (text: string): Held => ({ state: 'value', secret: new Secret(text) });

  it('comes after the filter and before rename, prefix and the limit', async () => {
    const secrets = new Map([['A', value('x'.repeat(9))]]);
    const shaped = shape(secrets, await shaping('{suffix: yy}', { rename: new Map([['A', 'B']]), prefix: 'P_' }), {
      limits: { valueBytes: 10 },
    });
    const made = shaped.desired.names.get('P_B')!;
    expect([made.from, made.limit]).to.deep.equal(['A', 'the value is larger than 10 bytes']);
    expect(made.held.state === 'value' && made.held.secret.reveal()).to.equal('xxxxxxxxxyy');
    const out = shape(new Map([['A', value('not base64!')]]), await shaping('base64-decode', { exclude: ['A'] }), {});
    expect([out.desired.names.size, [...out.outOfScope]]).to.deep.equal([0, ['A']]);
  });
  it('touches no withheld and no unresolved value', async () => {
    for (const state of ['withheld', 'unresolved'] as const)
      expect(shape(new Map([['A', { state }]]), await shaping('base64-decode'), {}).desired.names.get('A')!.held).to.deep.equal({ state });
  });
  it('blocks what a step does not fit, and no other name', async () => {
    const { desired } = shape(
      new Map([
        ['A', value('!')],
        ['B', value('!')],
      ]),
      await shaping('[trim, base64-decode]'),
      {},
    );
    expect(desired.names.get('A')!.held).to.deep.equal({
      state: 'untransformed',
      reason: 'transform step 2 (base64-decode): the value is not base64',
    });
    expect(desired.names.get('B')!.held.state).to.equal('value');
  });
  it('changes the digest with every step, its argument, its order and its chain', async () => {
    const digests = await Promise.all(
      [
        'trim',
        '[trim, trim]',
        '[trim, base64-encode]',
        '[base64-encode, trim]',
        '{json: .a}',
        '{json: ".b"}',
        '{yaml: .a}',
        '{prefix: a}',
        '{suffix: a}',
      ].map(async (steps) => shapeDigest(await shaping(steps))),
    );
    expect(new Set(digests).size).to.equal(digests.length);
    const chained = async (chains: string): Promise<string> =>
      shapeDigest(await shaping('trim', { transforms: await compileTransforms(rules('c', chains)) }));
    expect(await chained('{c: trim}')).to.equal(digests[0]);
    expect(await chained('{c: [d], d: {json: .b}}')).to.equal(digests[5]);
  });
});
