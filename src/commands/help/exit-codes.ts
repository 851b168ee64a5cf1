import { EXIT, type ErrorCode } from 'dcs-sdk';
import { table } from '../../render/style.ts';
import { helpTopic } from '../../help/topic.ts';

const WHEN: Readonly<Record<ErrorCode, string>> = {
  CONFIG: 'dcs.yaml is missing or invalid; file, line and column are named',
  AUTH: 'a credential is missing, expired or too narrow: dcs whoami',
  TARGET: 'a platform refused',
  PARTIAL: 'something was written and something was not; the report says which',
  CONFLICT: 'stale plan, lock held, another account, a record that cannot be read',
  REFUSED: 'a guard, a policy or missing consent said no: dcs help consent',
  NETWORK: 'unreachable, timed out, rate limited to the end',
  USAGE: 'bad flags or arguments, unknown command, a plugin that is not installed',
  INTERRUPTED: 'Ctrl-C: no further write started, the report says what was written',
};

export default helpTopic('exit-codes', 'What each exit code means.', () => [
  ...table([
    ['0', '', 'done; differences included, unless asked'],
    ['1', 'BUG', 'unexpected; the stack shows where'],
    ...Object.entries(WHEN).map(([code, when]) => [String(EXIT[code as ErrorCode]), code, when]),
  ]),
  '',
  'dcs diff --exit-code     0 no differences, 2 differences, 1 anything wrong',
  'dcs status --exit-code   0 fine, 2 drifted (with --strict: anything but in sync), 1 anything wrong',
  "dcs run, dcs serve       the program's; 128+n when signal n ended it; 125 dcs failed, 126 cannot be started, 127 not there",
]);
