import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';

/** One argument that has to be an absolute URL. */
export function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw new DcsError('USAGE', 'That is no URL of a receiver.', { hint: 'https://hooks.example.com/webhook' });
  return url;
}

export const keyFlag = {
  'key-file': Flags.string({
    helpValue: 'FILE',
    env: 'DCS_WEBHOOK_KEY_FILE',
    description: 'the signing key, in a file of mode 0600; default: the variable DOPPLER_WEBHOOK_SECRET',
  }),
};

export const queueFlag = {
  // No `env:`: a URL of DCS_QUEUE_URL may hold a password, one of the command line may not.
  queue: Flags.string({ helpValue: 'URL', description: 'redis://HOST, for several machines; with a password only as DCS_QUEUE_URL' }),
};

export const yesFlag = { yes: Flags.boolean({ char: 'y', description: 'write without asking' }) };
