import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import fc from 'fast-check';

const pair = (): { readonly key: KeyObject; readonly pinned: string } => {
  const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
  return { key, pinned: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
};
const [one, other, nobody] = [pair(), pair(), pair()];

describe('a signed text', () => {
  // The keys are pinned in the source: this is a copy of it with keys that the test has.
  let folder: string;
  let signedText: (whole: string) => string;
  before(async () => {
    mkdirSync('tmp', { recursive: true });
    folder = mkdtempSync(join('tmp', 'signed-'));
    cpSync('src/update/signed.ts', join(folder, 'signed.ts'));
    writeFileSync(join(folder, 'keys.ts'), `export const KEYS = ['${one.pinned}', '${other.pinned}'];\n`);
    ({ signedText } = (await import(pathToFileURL(join(folder, 'signed.ts')).href)) as { signedText: (whole: string) => string });
  });
  after(() => rmSync(folder, { recursive: true }));

  const signature = (text: string, { key }: { key: KeyObject }, mark = 'dcs-update-1'): string =>
    sign(null, Buffer.from(`${mark}\n${text}`), key).toString('base64');
  const whole = (text: string, by: { key: KeyObject } = one): string => `dcs-update-1 ${signature(text, by)}\n${text}`;
  const read = (text: string): string => {
    try {
      return signedText(text);
    } catch (error) {
      if (!isDcsError(error)) throw error;
      return error.code;
    }
  };

  it('is read when either key signed it, whatever it says', () => {
    expect(read(whole('{"a":1}\n'))).to.equal('{"a":1}\n');
    expect(read(whole('', other))).to.equal('');
    expect(read(whole('schön\n🔑\ndcs-update-1 x\n'))).to.equal('schön\n🔑\ndcs-update-1 x\n');
  });

  const text = '{"version":"1.0.0"}';
  const wrong: readonly (readonly [name: string, whole: () => string])[] = [
    ['no signature', () => text],
    ['nothing', () => ''],
    ['only a signature', () => `dcs-update-1 ${signature(text, one)}\n`],
    ["nobody's key", () => whole(text, nobody)],
    ['another text', () => whole(text).replace('1.0.0', '9.0.0')],
    ['a byte more', () => `${whole(text)}\n`],
    ['a byte before', () => ` ${whole(text)}`],
    ['a line before', () => `\n${whole(text)}`],
    ['another mark', () => whole(text).replace('dcs-update-1', 'dcs-update-2')],
    ['a signature over another mark', () => `dcs-update-1 ${signature(text, one, 'dcs-channel-1')}\n${text}`],
    ['a signature over the text alone', () => `dcs-update-1 ${sign(null, Buffer.from(text), one.key).toString('base64')}\n${text}`],
    ['no line break', () => whole(text).replace('\n', '')],
    ['a signature of nothing', () => `dcs-update-1 ${Buffer.alloc(64).toString('base64')}\n${text}`],
    ['a short signature', () => `dcs-update-1 ${signature(text, one).slice(4)}\n${text}`],
    ['a signature with a character too many', () => whole(text).replace('dcs-update-1 ', 'dcs-update-1 A')],
    ['a signature with words behind', () => whole(text).replace('\n', ' x\n')],
  ];
  for (const [name, made] of wrong)
    it(`is refused: ${name}`, () => {
      expect(read(made())).to.equal('REFUSED');
    });

  it('is refused with a bit of any byte of it another', () => {
    const bytes = Buffer.from(whole(text));
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1 << (at % 7);
      expect(read(altered.toString()), `byte ${at}`).to.equal('REFUSED');
    }
  });

  it('of anything at all is no text, and no error but that one', () => {
    const refused = (any: string): void => void expect(read(any)).to.equal('REFUSED');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), refused), { numRuns: 300 });
  });
});
