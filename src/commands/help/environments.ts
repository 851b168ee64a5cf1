import { helpTopic } from '../../help/topic.ts';

export default helpTopic('environments', 'Which environment a command acts on, and why.', () => [
  'The first that answers; every command that acts says which and why on line 1:',
  '',
  '  1  -e NAME              an environment, its Doppler config, or a synonym: -e prd finds prod',
  '  2  DCS_ENV              chooses, but is no consent to write to a protected environment',
  '  3  a service token      it fixes the environment; -e against it is an error',
  '  4  CI                   the branch that the CI provider names',
  '  5  the git branch       environments.*.branches of dcs.yaml, then: main, master, production -> prod;',
  '                          staging, release/* -> staging; any other -> dev',
  '  6  the default          the environment marked default: true',
  '  7  dev                  or the only one there is',
  '',
  'For a person, rules 4 to 7 never yield a protected environment: the default is used and line 1 says so. Pull requests, tags',
  'and a detached HEAD yield the default. Prod-like names (prod, production, live, prd) are protected unless dcs.yaml says',
  'protected: false; line 1 then says UNPROTECTED.',
  '',
  '-e dev_checkout and -e dev_personal are configs of dev: for secrets, import, run and env. Targets take environments only.',
  'dcs run, env and serve use your personal config (dev_personal) where there is one. Only they take -e twice: the later wins.',
  'dcs context shows all of it for this directory.',
]);
