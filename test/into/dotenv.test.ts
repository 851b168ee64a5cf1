import { expect } from 'chai';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { parseDotenv } from '../../src/into/dotenv.ts';
import { FORMATS, renderFormat } from '../../src/run/formats/index.ts';
import { NASTY } from '../run/nasty.ts';
import { Secret } from 'dcs-sdk';

const read = (text: string): Record<string, string> =>
  Object.fromEntries(parseDotenv(text, '.env').map(({ name, secret }) => [name, secret.reveal()]));
const problem = (text: string): string => {
  try {
    parseDotenv(text, '.env');
  } catch (error) {
    const { message, details } = error as Error & { details: { why: string } };
    return `${message} ${details.why}`;
  }
  throw new Error('expected a problem');
};

describe('.env files on their way into Doppler', () => {
  const FILE = `# a comment
PLAIN=one two   # and why
export EXPORTED = 'single # no comment'

DOUBLE="a\\nb \\t $HOME \\" c"
MULTI="-----BEGIN KEY-----
AbC#=
-----END KEY-----"  # kept
TICKS=\`it's "fine"\`
URL=postgres://u:p@h/db?x=y
EMPTY=
HASH=#nothing
INNER=it's
`;

  it('reads what dotenv reads, and says where', () => {
    expect(read(FILE)).to.deep.equal(parse(FILE));
    expect(read(FILE.replaceAll('\n', '\r\n'))).to.deep.equal(parse(FILE.replaceAll('\n', '\r\n')));
    const places = parseDotenv(FILE, '.env').map(({ name, at }) => `${at} ${name}`);
    expect(places).to.include.members(['.env:2 PLAIN', '.env:3 EXPORTED', '.env:6 MULTI', '.env:9 TICKS', '.env:13 INNER']);
  });

  it('reads back whatever dcs env writes', () => {
    const entries = NASTY.map((value, index) => ({ name: `N${index}`, secret: new Secret(value) })).filter(
      ({ name, secret }) => FORMATS.dotenv.refuses({ name, value: secret.reveal() }) === undefined,
    );
    expect(entries.length).to.be.greaterThan(15);
    const text = renderFormat('dotenv', new Map(entries.map(({ name, secret }) => [name, secret])));
    expect(read(text)).to.deep.equal(Object.fromEntries(entries.map(({ name, secret }) => [name, secret.reveal()])));
  });

  it('is never at odds with dotenv: the same values, or an error', () => {
    const piece = fc.constantFrom('A', 'B=', "'", '"', '`', '\\', '\n', ' ', '#', 'x', '=', 'export ', '\\n', '${X}', '\t', '\r\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = pieces.join('');
        let ours: Record<string, string>;
        try {
          ours = read(text);
        } catch {
          return;
        }
        expect(ours).to.deep.equal(parse(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('names the line of everything that is wrong, and never what stands there', () => {
    const said = problem(`GOOD=1\nhunter2 hunter2\nMIIEvQIBADANBgkqhkiG\nOPEN="hunter2\nMORE='x' hunter2\nGOOD=hunter2\n`);
    expect(said).to.contain('.env:2: this is no NAME=value').and.to.contain('.env:3: this is no NAME=value');
    expect(said).to.contain('.env:4: the quotes of this value do not close').and.to.contain('.env:5: the quotes');
    expect(said).to.contain('.env:6: this name stands on line 1 already').and.to.contain('Nothing was written');
    expect(said).not.to.contain('hunter2');
    expect(said).not.to.contain('MIIE');
  });
});
