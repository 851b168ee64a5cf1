import { sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Manifest } from '../../src/update/manifest.ts';
import { change, current, FIRST, manifestOf, ownPart, PLATFORM, repack, scratch, STRANGER, type Edit, type Site } from './standalone.ts';

const STABLE = `channels/stable/${PLATFORM}.signed`;
export const OLD = '0.1.0';
export const NEW = '0.2.0';

export interface Attack {
  readonly name: string;
  /** What the attacker does to the server, or to the folder of dcs. */
  readonly on: (at: Site, root: string) => void;
  readonly words?: readonly string[];
  readonly says: RegExp;
  readonly code?: number;
  /** Without these checks the attack comes through: nothing else would have stopped it. */
  readonly without: readonly Edit[];
  /** What stops it then: a second check that cannot be taken away. */
  readonly thenSays?: RegExp;
  /** What came through. Default: the attacked version is in use. */
  readonly through?: (root: string) => void;
  /** What the builds take for the address of updates. */
  readonly address?: (at: Site) => string;
}

const NO_SIGNATURE: Edit = [
  'src/update/signed.ts',
  "if (signature === undefined || !isSigned(text, Buffer.from(signature, 'base64')))",
  'if (signature === isSigned)',
];
const NO_PART_HASH: Edit = ['src/update/fetch.ts', 'if (size > part.size || hash', 'if (false && hash'];
const NO_FILE_HASH: Edit = ['src/update/unpack.ts', "if (hash.digest('hex') !== file.sha256)", 'if (false)'];
const NO_LENGTH: Edit = ['src/update/fetch.ts', 'if (size < part.size) throw', 'if (false) throw'];

const manifestFile = (at: Site): string => join(at.folder, STABLE);
const text = (at: Site): string => JSON.stringify(manifestOf(at, STABLE));
const judged = (from: string): Edit => ['src/update/judge.ts', from, 'if (false)'];
const edit =
  (how: (manifest: Manifest, at: Site) => void) =>
  (at: Site): void =>
    change(at, STABLE, (manifest) => how(manifest, at));

/** A file of dcs with a word of the attacker's in it, of the same length. */
const swapped = (at: Site): Buffer => {
  const { bytes } = ownPart(at, STABLE);
  const word = Buffer.from('Update the standalone dcs');
  const place = bytes.indexOf(word);
  expect(place).to.be.above(0);
  return Buffer.concat([bytes.subarray(0, place), Buffer.from('Something of the attacker'), bytes.subarray(place + word.length)]);
};

export const ATTACKS: readonly Attack[] = [
  { name: 'unsigned', on: (at) => writeFileSync(manifestFile(at), text(at)), says: /not signed/, without: [NO_SIGNATURE] },
  {
    name: 'signed with a key that dcs does not know',
    on: (at) => change(at, STABLE, () => {}, STRANGER),
    says: /not signed/,
    without: [NO_SIGNATURE],
  },
  {
    name: 'changed after it was signed',
    on: (at) => writeFileSync(manifestFile(at), readFileSync(manifestFile(at), 'utf8').replace('"minimum":"0.0.0"', '"minimum":"0.0.1"')),
    says: /not signed/,
    without: [NO_SIGNATURE],
  },
  {
    name: "a file's signature in place of a manifest's",
    on: (at) => writeFileSync(manifestFile(at), `dcs-update-1 ${sign(null, Buffer.from(text(at)), FIRST).toString('base64')}\n${text(at)}`),
    says: /not signed/,
    without: [['src/update/signed.ts', 'Buffer.from(`${MARK}\\n${text}`)', 'Buffer.from(text)']],
  },
  {
    name: 'expired',
    on: edit((manifest) => (manifest.expires = new Date(Date.now() - 1000).toISOString())),
    says: /has expired/,
    without: [judged('if (new Date(manifest.expires) <= now)')],
  },
  {
    name: 'downgrade: an older version, signed as it was',
    on: (at) => writeFileSync(manifestFile(at), readFileSync(join(at.folder, `versions/0.0.9/${PLATFORM}.signed`))),
    says: /older than 0\.1\.0/,
    without: [judged('if (compareVersions(manifest.version, current) < 0)')],
    through: (root) => expect(current(root)).to.equal('0.0.9'),
  },
  {
    name: 'of another product',
    on: edit((manifest) => (manifest.product = 'abc')),
    says: /another product/,
    without: [judged("if (manifest.product !== 'dcs')")],
  },
  {
    name: 'for another system',
    on: edit((manifest) => (manifest.platform = 'linux-riscv64')),
    says: /another system/,
    without: [judged('if (manifest.platform !== platform)')],
  },
  {
    name: 'of another channel',
    on: edit((manifest) => (manifest.channel = 'beta')),
    says: /another channel/,
    without: [judged('if (manifest.channel !== channel)')],
  },
  {
    name: 'another version than the one named',
    on: (at) => writeFileSync(join(at.folder, `versions/0.0.9/${PLATFORM}.signed`), readFileSync(manifestFile(at))),
    words: ['--version', '0.0.9'],
    says: /another version/,
    without: [judged('if (manifest.version !== version)')],
  },
  {
    name: 'for newer ones only',
    on: edit((manifest) => (manifest.minimum = '0.1.1')),
    says: /too old/,
    without: [judged('if (compareVersions(current, manifest.minimum) < 0)')],
  },
  {
    name: 'without a hash of a part',
    on: edit((manifest, at) => {
      const { index } = ownPart(at, STABLE);
      mkdirSync(join(at.folder, 'parts'), { recursive: true });
      writeFileSync(join(at.folder, 'parts', 'undefined.part'), gzipSync(ownPart(at, STABLE).bytes));
      Reflect.deleteProperty(manifest.parts[index]!, 'sha256');
    }),
    says: /not one that this dcs reads/,
    without: [
      [
        'src/update/manifest.ts',
        'name on the server. */\n  sha256: z.string().regex(SHA256)',
        'name on the server. */\n  sha256: z.string().optional()',
      ],
      NO_PART_HASH,
      NO_LENGTH,
    ],
  },
  {
    name: 'without a hash of a file',
    on: edit((manifest) => Reflect.deleteProperty(manifest.parts.at(-1)!.files[0]!, 'sha256')),
    says: /not one that this dcs reads/,
    without: [
      ['src/update/manifest.ts', 'sha256: z.string().regex(SHA256),\n  executable', 'sha256: z.string().optional(),\n  executable'],
      NO_FILE_HASH,
    ],
  },
  {
    name: 'a path that leaves the folder',
    on: edit((manifest, at) => {
      const { index, bytes } = ownPart(at, STABLE);
      manifest.parts[index]!.files.push({
        path: '../../../escaped',
        size: 5,
        sha256: '8d6e4d2ce2d61d10fb51aaffee59cc2bb2ea6d4a9e2ea5c3d9e8d0a8fd5ac6a7',
      });
      repack(at, manifest.parts[index]!, Buffer.concat([bytes, Buffer.from('evil\n')]));
    }),
    says: /not one that this dcs reads/,
    without: [['src/update/manifest.ts', ".refine((path) => path.split('/').every((segment) => SEGMENT.test(segment)))", ''], NO_FILE_HASH],
    through: (root) => expect(existsSync(join(root, 'escaped'))).to.equal(true),
  },
  {
    name: 'a link, planted where the new version is made',
    on: (_, root) => {
      const outside = mkdtempSync(join(scratch, 'outside-'));
      mkdirSync(join(root, '.update/work/tree'), { recursive: true });
      symlinkSync(outside, join(root, '.update/work/tree/lib'));
      symlinkSync(outside, join(root, 'outside'));
    },
    says: /0\.2\.0 is in use/,
    code: 0,
    without: [
      ['src/update/install-folder.ts', '// Of an update that was killed.\n    await rm(work, { recursive: true, force: true });', ''],
    ],
    through: (root) => expect(readdirSync(join(root, 'outside'))).to.include('main.js'),
  },
  {
    name: 'a link as a file of the manifest',
    on: edit((manifest) => Object.assign(manifest.parts.at(-1)!.files[0]!, { link: '/etc/passwd' })),
    says: /not one that this dcs reads/,
    without: [['src/update/manifest.ts', 'const file = z.strictObject({', 'const file = z.object({']],
  },
  {
    name: 'a part that ends too early',
    on: (at) => {
      const { path } = ownPart(at, STABLE);
      writeFileSync(path, readFileSync(path).subarray(0, -4));
    },
    says: /ended a file too early/,
    code: 8,
    without: [NO_LENGTH, NO_PART_HASH],
    thenSays: /is damaged/,
  },
  {
    name: 'a part that unpacks to less than its files',
    on: edit((manifest, at) => {
      const { index, bytes } = ownPart(at, STABLE);
      repack(at, manifest.parts[index]!, bytes.subarray(0, -20));
    }),
    says: /holds less/,
    without: [
      NO_FILE_HASH,
      [
        'src/update/unpack.ts',
        "if (chunk === undefined) return refuse('holds less than its manifest names')",
        'if (chunk === undefined) break',
      ],
    ],
  },
  {
    name: 'a part with a swapped file',
    // Packed less tightly: a shorter one would already be too short.
    on: (at) => writeFileSync(ownPart(at, STABLE).path, gzipSync(swapped(at), { level: 0 })),
    says: /SHA-256 differs/,
    without: [NO_PART_HASH, NO_FILE_HASH, ['src/update/fetch.ts', 'if (size > part.size) break;', '']],
  },
  {
    name: 'a swapped file in a part that its manifest names',
    on: edit((manifest, at) => repack(at, manifest.parts[ownPart(at, STABLE).index]!, swapped(at))),
    says: /holds another lib\//,
    without: [NO_FILE_HASH],
  },
  {
    name: 'a part that unpacks to more than its files',
    on: edit((manifest, at) => {
      const { index, bytes } = ownPart(at, STABLE);
      repack(at, manifest.parts[index]!, Buffer.concat([bytes, Buffer.alloc(100_000_000)]));
    }),
    says: /holds more/,
    without: [['src/update/unpack.ts', 'if ((await bytes.next(1)) !== undefined)', 'if (false)']],
  },
  {
    name: 'a redirect of a part',
    on: (at) => {
      const { path } = ownPart(at, STABLE);
      const place = `/parts/${path.split('/').pop()!}`;
      const bytes = readFileSync(path);
      at.instead.set(place, (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end());
      at.instead.set('/elsewhere', (_, response) => void response.writeHead(200).end(bytes));
    },
    says: /answered 302/,
    code: 8,
    without: [['src/update/fetch.ts', "redirect: 'manual'", "redirect: 'follow'"]],
  },
  {
    name: 'a redirect of the manifest',
    on: (at) => {
      const bytes = readFileSync(manifestFile(at));
      at.instead.set(`/${STABLE}`, (_, response) => void response.writeHead(307, { location: '/elsewhere' }).end());
      at.instead.set('/elsewhere', (_, response) => void response.writeHead(200).end(bytes));
    },
    says: /redirect \(307\)/,
    code: 8,
    without: [['sdk/src/http-client.ts', "redirect: 'manual'", "redirect: 'follow'"]],
  },
  {
    name: 'http, but on this machine',
    on: () => {},
    // The same server by a name that does not say that it is this machine.
    address: (at) => at.origin.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
    says: /without encryption/,
    code: 2,
    without: [['sdk/src/http-client.ts', "(base.protocol === 'http:' && isLoopback(base))", "base.protocol === 'http:'"]],
  },
  {
    name: 'a version that does not start',
    on: edit((manifest, at) => {
      const { index, bytes } = ownPart(at, STABLE);
      const part = manifest.parts[index]!;
      const first = part.files.findIndex(({ path }) => path === 'lib/main.js');
      part.files.splice(first, 1, { ...part.files[first]!, path: 'lib/not-main.js' });
      repack(at, part, bytes);
    }),
    says: /does not work on this machine/,
    without: [['src/update/update.ts', 'await tryOut(tree, manifest.version, install, work);', '']],
  },
  {
    name: 'a version that says that it is another one',
    on: edit((manifest) => (manifest.version = '0.3.0')),
    says: /says that it is something else/,
    without: [['src/update/try-out.ts', 'if (!said?.startsWith(', 'if (false && !said?.startsWith(']],
    through: (root) => expect(current(root)).to.equal('0.3.0'),
  },
];
