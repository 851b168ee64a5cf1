import { createHmac } from 'node:crypto';
import { DcsError, type Host, type Secret } from 'dcs-sdk';
import type { Allowed } from './allowed.ts';

/** What a receiver answered to an event that nobody signed, and to one that Doppler could have sent. */
export interface Probe {
  readonly unsigned: number;
  readonly signed: number;
}

/** Sends both. Throws TARGET for a receiver that is none, NETWORK where nobody answers. */
export async function probe(host: Host, url: URL, key: Secret, { project, config }: Allowed): Promise<Probe> {
  const { http } = host.context('The receiver', url.origin);
  const body = JSON.stringify({
    type: 'config.secrets.update',
    config: { name: config, project },
    diff: { added: [], removed: [], updated: [] },
  });
  const post = async (headers: Record<string, string>): Promise<number> =>
    (await http.request({ method: 'POST', path: `${url.pathname}${url.search}`, body, headers })).status;
  const digest = createHmac('sha256', key.reveal()).update(body).digest('hex');
  const unsigned = await post({});
  if (unsigned < 400)
    throw new DcsError('TARGET', 'The receiver takes events that nobody signed.', {
      why: `It answered ${unsigned}: anybody who knows its address can trigger a sync.`,
      hint: 'give it the signing key, or take it off the network',
    });
  const signed = await post({ 'x-doppler-signature': `sha256=${digest}` });
  if (signed === 202) return { unsigned, signed };
  throw new DcsError('TARGET', `The receiver answered ${signed} to a signed event.`, { status: signed, ...explained(signed) });
}

function explained(status: number): { readonly hint?: string } {
  if (status === 401) return { hint: 'the receiver has another signing key: DOPPLER_WEBHOOK_SECRET, or its --key-file' };
  if (status === 404) return { hint: 'the path: dcs webhook serve answers at /webhook' };
  if (status === 503) return { hint: 'its log says why it cannot take events: dcs webhook serve writes it to stderr' };
  return {};
}
