import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { errorLines } from '../src/error-text.ts';
import { Secret } from '../src/secret.ts';

const VALUE = 'sesame-7f3a';

/** What console.log prints, through a real Console. */
function printed(...what: unknown[]): string {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  new Console(sink).log(...what);
  return text;
}

/** Every way out a program takes without meaning to. */
const WAYS: Record<string, (secret: Secret) => string> = {
  'inspect, nested deeply and with hidden fields': (secret) => inspect({ a: [{ b: { secret } }] }, { depth: null, showHidden: true }),
  'inspect without the custom inspection': (secret) => inspect(secret, { customInspect: false, showHidden: true }),
  JSON: (secret) => JSON.stringify({ secret, list: [secret] }),
  'a template string': (secret) => `${secret}`, // oxlint-disable-line typescript/restrict-template-expressions
  concatenation: (secret) => '' + String(secret),
  'console.log of a Map': (secret) => printed(new Map([['A', secret]])),
  'console.log with %s %o %O %j': (secret) => printed('%s %o %O %j', secret, secret, secret, secret),
  'format of a Set and an array': (secret) => format(new Set([secret]), [secret]),
  'an error and its cause': (secret) => inspect(new Error(`no ${String(secret)}`, { cause: secret })),
  'an error with a field': (secret) => inspect(Object.assign(new Error('no'), { secret })),
  'a bug as dcs shows it': (secret) => errorLines(secret, true).join('\n'),
};

describe('Secret', () => {
  for (const [way, out] of Object.entries(WAYS)) it(`stays inside ${way}`, () => expect(out(new Secret(VALUE))).to.not.contain(VALUE));

  it('says [redacted] where it prints', () => {
    expect([String(new Secret(VALUE)), JSON.stringify(new Secret(VALUE)), inspect([new Secret(VALUE)])]).to.deep.equal([
      '[redacted]',
      '"[redacted]"',
      '[ [redacted] ]',
    ]);
  });
  it('has no field to enumerate, copy or clone it by', () => {
    const secret = new Secret(VALUE);
    expect(Reflect.ownKeys(secret)).to.deep.equal([]);
    expect(inspect(Object.assign({}, secret))).to.equal('{}');
    expect(inspect(structuredClone(secret))).to.not.contain(VALUE);
  });
  it('reveals exactly what it was given', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => new Secret(value).reveal() === value));
  });
});
