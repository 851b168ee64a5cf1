import { helpTopic } from '../../help/topic.ts';

export default helpTopic('errors', 'How to read an error: what failed, why, what to try.', () => [
  'An error has up to four parts:',
  '',
  '  ✗ AUTH  Cloudflare refused the token (401, code 10000) ...     what failed, and its code',
  '    Why   It comes from CLOUDFLARE_API_TOKEN ...              why, and what was not written',
  '    Try   unset CLOUDFLARE_API_TOKEN                          what to type next',
  '    Ref   ray 8f1c2d3e4a5b6c7d-FRA                            for a support ticket of the vendor',
  '',
  'The code decides the exit code (dcs help exit-codes). Every error says what was written, and what was not.',
  '',
  '  ? unknown    a write whose answer was lost: dcs reads the target before it writes that name again',
  '  ✗ PARTIAL    something was written and something was not: run the same again, it does only what is left',
  '  ✗ CONFLICT   somebody else was there: a stale plan, a lock, another account. Look before you repeat it',
  '  ✗ REFUSED    a guard or missing consent said no: dcs help consent',
  '  a stack      is a bug of dcs: nothing in it is a value; please report it',
  '',
  'What each error says and what to do: https://github.com/auge2u/doppler-cloud-syncs/blob/main/docs/troubleshooting.md',
  '',
  'No message holds a value, a part of one, or the text a vendor answered. --verbose adds the requests, --json makes one document.',
]);
