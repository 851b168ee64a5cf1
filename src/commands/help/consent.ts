import { helpTopic } from '../../help/topic.ts';

export default helpTopic('consent', 'What needs whose yes, at a terminal and without one.', () => [
  '                            at a terminal          without one (CI, --json, --no-input, a pipe)',
  '  read, names               nothing                nothing',
  '  print values              --reveal               --reveal, and in CI --allow reveal',
  '  write                     Y/n after the plan     --yes',
  '  to a protected one        type its name          -e NAME --yes, both typed; or --plan FILE --yes',
  '  by a trigger of dcs.yaml  -                       creates and updates only, in a file that dcs trust has seen',
  '  a guard                   its own question       --allow GUARD, one each; --yes covers no guard',
  '',
  'Guards:',
  '  empty      Doppler has nothing for a target that holds names of dcs',
  '  shrink     Doppler lost more than half of the names, or more than ten',
  '  delete     more than 30 % of the names would be deleted, more than ten, or any where nothing shows that dcs wrote them',
  '  rewrite    more than half of ten or more names would be written anew',
  '  identity   the target is not the account, project or worker it was',
  '  adopt      a name that the target holds already and dcs did not write: replaced, its value is gone',
  '',
  'existing: leave or replace in dcs.yaml answers adopt for good. DCS_ENV is no consent, and no variable stands for --yes.',
]);
