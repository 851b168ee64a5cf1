import { createPublicKey, verify } from 'node:crypto';
import { DcsError } from 'dcs-sdk';
import { KEYS } from './keys.ts';

/** First word of a signed text, and of what is signed: no signature over another kind of file fits. */
export const MARK = 'dcs-update-1';
const FIRST_LINE = /^dcs-update-1 ([A-Za-z0-9+/]{86}==)\n/;

/** What a pinned key signed: a line `dcs-update-1 <signature, base64>`, then the text. Throws REFUSED before any of it is read. */
export function signedText(whole: string): string {
  const [line, signature] = FIRST_LINE.exec(whole) ?? [];
  const text = whole.slice(line?.length ?? 0);
  if (signature === undefined || !isSigned(text, Buffer.from(signature, 'base64')))
    throw new DcsError('REFUSED', 'The update is not signed by dcs.', {
      why: 'Neither of the keys in this dcs signed the manifest. Nothing was unpacked; the version in use is as it was.',
      hint: 'report it: see SECURITY.md',
    });
  return text;
}

function isSigned(text: string, signature: Buffer): boolean {
  const message = Buffer.from(`${MARK}\n${text}`);
  return KEYS.some((key) =>
    verify(null, message, createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' }), signature),
  );
}
