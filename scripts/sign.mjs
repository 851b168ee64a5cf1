// Signs what a release consists of. The private key comes from DCS_SIGNING_KEY (PEM) or the file DCS_SIGNING_KEY_FILE, and must be one
// whose public half is pinned in src/update/keys.ts: else no installed dcs would take the release.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { KEYS } from '../src/update/keys.ts';
import { MARK } from '../src/update/signed.ts';

/** `pinned`: a test's own keys. What a released dcs trusts is in its own files and not decided here. */
export function signingKey(env = process.env, pinned = KEYS) {
  const pem = env.DCS_SIGNING_KEY || (env.DCS_SIGNING_KEY_FILE ? readFileSync(env.DCS_SIGNING_KEY_FILE, 'utf8') : undefined);
  if (!pem) throw new Error('no signing key: set DCS_SIGNING_KEY or DCS_SIGNING_KEY_FILE (docs/releasing.md)');
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519' || !pinned.includes(publicHalf(key)))
    throw new Error('this key is not pinned in src/update/keys.ts');
  return key;
}

export const publicHalf = (key) => createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

/** FILE -> FILE.sig, 64 bytes: `openssl pkeyutl -verify -pubin -inkey dcs.pem -rawin -in FILE -sigfile FILE.sig`. */
export function signFile(file, key) {
  const bytes = readFileSync(file);
  // One key, two kinds of text: a file must never pass for a manifest.
  if (bytes.subarray(0, MARK.length).toString() === MARK) throw new Error(`${file} looks like a manifest of updates`);
  writeFileSync(`${file}.sig`, sign(null, bytes, key));
  return `${file}.sig`;
}

/** What `dcs update` reads: the signature's line, then the text. */
export function signedManifest(text, key) {
  return `${MARK} ${sign(null, Buffer.from(`${MARK}\n${text}`), key).toString('base64')}\n${text}`;
}

/** The pinned keys as PEM, for people who check a release by hand. */
export const publicPems = (pinned = KEYS) => pinned.map((key) => `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`).join('');
