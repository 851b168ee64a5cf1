import { SEED } from '../../../plugins/dcs-plugin-sandbox/src/seed.ts';
import type { Edit } from '../planted.ts';
import type { Fault } from './arena.ts';
import type { Mutant } from './battery.ts';

const by = (change: (out: string) => string): Mutant => ({ said: (said) => ({ ...said, out: change(said.out) }) });
const byHand = (name: string, value: string | null): Mutant => ({
  meddles: ({ w }) => w.post('/_sandbox/google/hand-edit', { project: 'demo-shop', name, value }),
});
const route = 'POST /google/secretmanager/v1/projects/:project/secrets/:secret:addVersion';
const refused = { kind: 'status', status: 400, route };
const lost = { kind: 'reset-after-commit', route };

/** What a sync of Google Secret Manager could do wrong. */
export const SYNC_FAULTS: readonly (readonly [what: string, fault: Fault, mutant: Mutant])[] = [
  ['a stranger deleted', refused, byHand('THEIRS', null)],
  ['a name deleted before it is written', refused, byHand('F_SAME', null)],
  ['a name written twice', lost, byHand('F_CHANGED', 'new')],
  ['failed told as done', refused, by((out) => out.replaceAll('"failed"', '"done"'))],
  ['done told as failed', lost, by((out) => out.replaceAll('"done"', '"failed"'))],
  ['a name left out', lost, by((out) => out.replaceAll('"F_NEW_A"', '"F_OLD"'))],
  ['unknown, and every answer came', { kind: 'status', status: 429 }, by((out) => out.replaceAll('"done"', '"unknown"'))],
  ['success told of a part', refused, { said: (said) => ({ ...said, code: 0 }) }],
  ['nothing done the next time', refused, { neverAgain: true }],
];

export const PLUGIN = 'dcs-plugin-cloudflare';
export const PLANTED_IN = 'dcs provision cloudflare';

const account = `/client/v4/accounts/${SEED.cloudflare.accountId}`;
const put = (kind: string): Fault => ({ route: `PUT ${account}/workers/scripts/shop-new`, kind });
const looked: Fault = { route: `GET ${account}/workers/scripts/:script/deployments`, kind: 'html', times: 'forever' };
const provision = `plugins/${PLUGIN}/src/provision.ts`;

/** What `dcs provision cloudflare` could do wrong: `edits` of its sources, or what its run leaves and says. */
export const MAKING_FAULTS: readonly {
  readonly what: string;
  readonly fault: Fault;
  readonly mutant?: Mutant;
  readonly edits?: readonly Edit[];
}[] = [
  {
    what: 'a Worker is made again when the answer is lost',
    fault: put('reset-after-commit'),
    edits: [[provision, 'idempotent: false', 'idempotent: true']],
  },
  {
    what: 'what could not be looked at is taken for missing, and written over',
    fault: looked,
    edits: [[provision, 'NO_WORKER.has(Number(error.details.vendorCode))', 'NO_WORKER.size > 0']],
  },
  { what: 'a stranger touched', fault: put('reset'), mutant: { meddles: ({ w }) => w.edit('THEIRS', null) } },
  { what: 'success told of a part', fault: put('reset'), mutant: { said: (said) => ({ ...said, code: 0 }) } },
  { what: 'the exit code of a bug', fault: put('reset'), mutant: { said: (said) => ({ ...said, code: 1 }) } },
  { what: 'another exit code than the error’s', fault: put('reset'), mutant: { said: (said) => ({ ...said, code: 4 }) } },
  { what: 'no error', fault: put('reset'), mutant: by(() => '{"schema": 1}') },
  { what: 'a token printed', fault: put('reset'), mutant: { said: (said) => ({ ...said, err: SEED.cloudflare.token }) } },
  { what: 'nothing done the next time', fault: put('reset'), mutant: { neverAgain: true } },
];
