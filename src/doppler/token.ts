import { DcsError } from 'dcs-sdk';

export type TokenKind = 'cli' | 'personal' | 'service' | 'service account' | 'identity' | 'unknown';

const KINDS: ReadonlyMap<string, TokenKind> = new Map([
  ['ct', 'cli'],
  ['pt', 'personal'],
  ['st', 'service'],
  ['sa', 'service account'],
  ['said', 'identity'],
]);
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['scim', 'manages users and groups only'],
  ['audit', 'reads users of the workplace only'],
]);

export interface CheckedToken {
  readonly token: string;
  readonly kind: TokenKind;
  /** Environment slug in a service token, where it has one: `dp.st.prd.…`. */
  readonly environment?: string;
}

/** Tells a token's kind by its prefix: https://docs.doppler.com/reference/auth-token-formats (last verified 2026-11-21). */
export function checkToken(text: string, from: string): CheckedToken {
  const token = text.trim();
  // Anything else would break out of the header, or is a pasted line of prose.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new DcsError('AUTH', `The Doppler token from ${from} is no token.`, { why: 'It is empty or holds spaces or line breaks.' });
  const prefix = /^dp\.([a-z]+)\./.exec(token)?.[1] ?? '';
  const refused = REFUSED.get(prefix);
  if (refused !== undefined)
    throw new DcsError('AUTH', `The Doppler token from ${from} cannot read secrets.`, {
      why: `A dp.${prefix} token ${refused}.`,
      hint: 'use a service token: dp.st.…',
    });
  const environment = /^dp\.st\.([a-z0-9_-]{2,35})\.[A-Za-z0-9]+$/.exec(token)?.[1];
  return { token, kind: KINDS.get(prefix) ?? 'unknown', ...(environment === undefined ? {} : { environment }) };
}
