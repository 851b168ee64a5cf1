import { Unfit } from './error.ts';

export type Alphabet = 'base64' | 'base64url';

export function encode(value: string, alphabet: Alphabet): string {
  return Buffer.from(value).toString(alphabet);
}

/** Node skips what it does not know, so what was read must be what would be written. base64url may be padded, then rightly. */
export function decode(value: string, alphabet: Alphabet): string {
  const bytes = Buffer.from(value, alphabet);
  const written = bytes.toString(alphabet);
  const padded = alphabet === 'base64url' ? written + '='.repeat((4 - (written.length % 4)) % 4) : written;
  if (value !== written && value !== padded) throw new Unfit(`the value is not ${alphabet}`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Unfit('what it decodes to is not UTF-8 text');
  }
}
