import { by, impossible, tested, type Defect } from './defect.ts';

const E2E = 'test/e2e';
const RUNTIME = 'runtime/test';
const HOOK = 'plugins/dcs-plugin-automation/test';
const OWN = 'test/evidence/defects-read.test.ts';
const BAD = `${E2E}/bad-input.test.ts`;

const RECEIVER = `${HOOK}/receiver.test.ts`;
/** Started by others, answered wrong, or down. */
export const WEBHOOK: readonly Defect[] = [
  tested(
    'D25',
    'The webhook needs no signature, and listens on every interface.',
    by(`${E2E}/webhook.test.ts`, 'does not start with a key that others may read, without a trigger, or without trust'),
    by(RECEIVER, 'and nothing is triggered'),
    by(OWN, 'the webhook listens on this machine only'),
  ),
  impossible(
    'D26',
    'Signatures are compared so that time tells how much of one is right, or one of another length ends the process.',
    'Nothing compares texts: `crypto.subtle.verify` is given the bytes, once a key, and what has another form never gets there.',
    by(OWN, 'a signature is judged by the platform alone, once a key'),
    by(RECEIVER, 'and nothing is triggered'),
  ),
  tested(
    'D27',
    'Any event of any project starts a sync.',
    by(RECEIVER, 'leaves what no trigger names'),
    by(`${RUNTIME}/webhook.test.ts`, 'leaves what nobody names, also where the name is one of objects'),
  ),
  tested(
    'D28',
    'A body that is `null` ends the process.',
    by(RECEIVER, 'and nothing is triggered'),
    by('test/evidence/webhook-requests.test.ts', 'starts only what was signed'),
  ),
  tested(
    'D29',
    'A body without an end fills the memory.',
    by(RECEIVER, 'and the connection is cut'),
    by(`${RUNTIME}/webhook.test.ts`, 'counts what comes without a length'),
  ),
  tested(
    'D30',
    'A letter that is cut between two packets makes a right signature wrong.',
    by(RECEIVER, 'signed with either key, split wherever'),
  ),
  tested(
    'D31',
    'A sync stops everything else; equal events make as many syncs, side by side.',
    by(`${E2E}/webhook.test.ts`, 'answers for its health within 50 ms while a sync runs'),
    by('test/evidence/webhook-bursts.test.ts', 'make at most two runs a burst'),
  ),
  tested(
    'D32',
    'Slow requests hold their connections for ever.',
    by(RECEIVER, 'holds no more connections than it may', 'and the connection is cut'),
  ),
  tested(
    'D33',
    'An event is taken before it is kept, and lost when the work fails.',
    by(RECEIVER, 'answers 503 when the event cannot be kept'),
    by(`${E2E}/webhook.test.ts`, 'does what it had accepted'),
    by('test/evidence/receiver-lasts.test.ts', 'loses no event that it accepted'),
  ),
  tested(
    'D34',
    'Generated receivers verify JSON that was written anew, not the bytes that were signed, or nothing at all.',
    by(`${RUNTIME}/webhook.test.ts`, 'takes what one of the keys signed, and hands on the same bytes', 'is none without a key'),
    by(`${HOOK}/blueprints.test.ts`, '${platform}, to ${way}'),
  ),
];

/** Wrong answers of commands. */
export const WRONG: readonly Defect[] = [
  tested(
    'D35',
    'A program that was killed counts as a success.',
    by(`${E2E}/run.test.ts`, 'answers every exit code, and 128+n for every signal'),
  ),
  tested(
    'D36',
    'A signal to `run` leaves its program behind; flags of the program are taken for those of `run`.',
    by(`${E2E}/run-watch.test.ts`, 'leaves no orphan when it is killed', 'passes every signal on once'),
    by(`${E2E}/run.test.ts`, 'takes everything after -- as it stands'),
  ),
  tested(
    'D37',
    'A secret called PATH or NODE_OPTIONS changes which program starts.',
    by(`${E2E}/run.test.ts`, 'gives no program what would change how programs start'),
    by(`${E2E}/env.test.ts`, 'leaves out what changes how programs start'),
  ),
  tested(
    'D38',
    'Removals are reported that did not happen, updates of values that did not change, and changed values as in line.',
    by(`${E2E}/sync.test.ts`, 'writes the changed names only', 'deletes only with --prune, and only what dcs created'),
    by('test/evidence/applied.test.ts', 'does what was planned'),
  ),
  tested(
    'D39',
    'A misspelt or unknown part of the configuration is "nothing to do", with success.',
    by(BAD, 'a misspelt target type: 2 and the nearest', 'an unknown key: 2, where, and the nearest key', 'not an empty success'),
  ),
  tested(
    'D40',
    'A variable in the configuration changes its structure or its types, or is missed in a comment.',
    by(
      'test/config/config.test.ts',
      'puts variables in after parsing: they change no structure',
      'misses a variable only where it is used, and never a commented one',
    ),
  ),
  tested(
    'D41',
    'An environment called `constructor` exists.',
    by(BAD, 'an unknown environment, and `constructor`'),
    by('test/config/config.test.ts', 'refuses strangers, and a flag against a service token'),
  ),
  tested(
    'D42',
    'The exit code is another than the documented one.',
    by('test/exit-codes.test.ts', 'exit codes are the documented ones', 'without dcs.yaml and any login'),
  ),
  tested(
    'D43',
    'Whatever Doppler answers is taken for secrets: lists, numbers, nulls, its own three variables.',
    by('test/doppler/transport.test.ts', 'as an answer', 'for "no secrets"'),
    by('test/doppler/source-target.test.ts', 'tells values, withheld and unresolved apart, and leaves the managed names out'),
    by(`${RUNTIME}/cache.test.ts`, 'for no answer'),
  ),
];

const CACHE = `${RUNTIME}/cache.test.ts`;
const RUNNING = 'test/evidence/running-apps.test.ts';
/** In running apps. */
export const APPS: readonly Defect[] = [
  tested(
    'D44',
    'The cache mixes up what different tokens and different sets of names were given.',
    by(RUNNING, 'mixes up neither tokens nor names'),
    by(CACHE, 'mixes neither key sets nor tokens nor configs'),
  ),
  tested(
    'D45',
    'Old values are served for ever, also once the token was revoked.',
    by(RUNNING, 'serves nothing old after a refusal'),
    by(CACHE, 'serves nothing old after'),
  ),
  tested(
    'D46',
    'Calls at the same time are as many requests, without an end.',
    by(CACHE, 'asks once for 1,000 concurrent cold calls', 'does not wait longer than its timeout'),
  ),
  tested(
    'D47',
    'A function is given the names of another one; a failed prefetch ends the process.',
    by(
      `${RUNTIME}/firebase.test.ts`,
      'hands secrets to each function under its own keys',
      'fails the call, not the process, when Doppler is away',
    ),
  ),
  tested(
    'D48',
    'A failed start is remembered for ever; a failed refresh replaces good values.',
    by(`${RUNTIME}/cloudrun.test.ts`, 'may be tried again after a failed start', 'keeps the last good values when a refresh fails'),
  ),
  tested(
    'D49',
    'Each adapter has a cache of its own that clearing does not clear; two environments share one.',
    by(`${RUNTIME}/package.test.ts`, 'one cache with the others'),
    by(`${RUNTIME}/cloudflare.test.ts`, 'keeps the bindings of two environments apart'),
  ),
];

/** In what is installed and how it is released. */
export const RELEASED: readonly Defect[] = [
  tested(
    'D50',
    'The package cannot be installed; its shell functions call flags that do not exist, and mean production on `main`.',
    by(`${E2E}/packed.test.ts`, 'installs into an empty home: few packages, few megabytes, no script'),
    by(`${E2E}/shell.test.ts`, 'dcs-root goes to the folder of dcs.yaml, dnew makes one'),
    by('test/config/config.test.ts', 'never yields a protected one to a person'),
  ),
  tested(
    'D51',
    'Releases use a token that lives for years, actions that can change, and more rights than they need.',
    by('test/workflows/rules.test.ts', 'pinned, without rights on top', 'notices ${name}'),
    by('test/workflows/workflows.test.ts', 'packs, signs, publishes by identity', 'ci: three systems, three lines of Node'),
  ),
];
