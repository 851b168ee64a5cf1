import { buffer } from 'node:stream/consumers';
import { DcsError } from 'dcs-sdk';

/** All that arrives on stdin, at most once in a process. */
export const wholeStdin = (): Promise<Buffer> => buffer(process.stdin);

/** Doppler keeps text: other bytes would arrive changed. */
export function utf8(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DcsError('CONFIG', `${shown} is not UTF-8 text.`, {
      why: 'Doppler keeps text. Nothing was written.',
      hint: 'base64 FILE | dcs secrets set NAME',
    });
  }
}
