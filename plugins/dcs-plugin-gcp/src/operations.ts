import { DcsError, isDcsError } from 'dcs-sdk';
import { asText, isJson, type Api, type Json } from './api.ts';

const FIRST = 250;
const SLOWEST = 5000;
/** A function is built anew: up to 25 minutes. */
const LONGEST = 25 * 60_000;

/** The code of an operation that a missing right ended. */
export const NOT_ALLOWED = 7;

// What an operation ends with: https://cloud.google.com/apis/design/errors#error_codes, last verified 2026-11-21.
const CODES: Readonly<Record<number, string>> = {
  5: 'something that it refers to is not there',
  [NOT_ALLOWED]: 'the account that the code runs as may not read a secret',
  8: 'a quota is used up',
  9: 'a secret that it refers to is disabled or destroyed',
};

export interface Waiting {
  readonly api: Api;
  /** `/v2/`: what stands before the operation's name. */
  readonly below: string;
  readonly subject: string;
  readonly signal: AbortSignal;
}

/** Waits until a long-running operation is done and gives its result. What it says of a failure is never quoted: only its code is. */
export async function finished(started: Json, { api, below, subject, signal }: Waiting): Promise<Json> {
  const name = asText(started['name'], subject);
  const end = Date.now() + LONGEST;
  let operation = started;
  for (let wait = FIRST; operation['done'] !== true; wait = Math.min(SLOWEST, wait * 1.5)) {
    if (Date.now() > end) throw new DcsError('NETWORK', `${subject} was not ready within 25 minutes.`, { applied: 'unknown' });
    await pause(wait, signal);
    operation = await api({ method: 'GET', path: `${below}${name}`, subject }).catch((error: unknown) => {
      throw isDcsError(error) ? begun(error) : error;
    });
  }
  const { error, response } = operation;
  if (!isJson(error)) return isJson(response) ? response : {};
  const code = Number(error['code']);
  throw new DcsError('TARGET', `The deployment of ${subject} failed (code ${code}).`, {
    why: `${CODES[code] ?? 'Google does not say why in words that dcs may repeat'}. What served before still serves.`,
    hint: 'the Google Cloud console shows the logs of the deployment',
    vendorCode: code,
  });
}

/** The operation goes on, whoever may look at it. */
const begun = ({ code, message, details }: DcsError): DcsError =>
  new DcsError(code, message, { ...details, why: 'Google is at it; what becomes of it is not known.', applied: 'unknown' });

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(new DcsError('INTERRUPTED', 'Interrupted.', { applied: 'unknown' }));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
