import { DcsError, writes, type Environment, type Finding, type Guard, type TriggerType } from 'dcs-sdk';
import type { Look } from './engine/look.ts';
import type { Prompts } from './prompts.ts';
import { plural } from './render/style.ts';
import { mayBeBehind } from './undeployed.ts';

export interface ConsentGiven {
  readonly yes: boolean;
  readonly allow: ReadonlySet<Guard>;
  /** `-e` was typed: DCS_ENV is no consent. */
  readonly named: boolean;
  /** A saved plan carries the consent to its own findings. */
  readonly plan: boolean;
  /** It writes by itself: creates and updates, never a delete. */
  readonly trigger?: TriggerType;
  /** `--redeploy`: deploying anew what runs with older values is a change, too. */
  readonly redeploy?: boolean;
  /** The command line that asks for this. Default: `dcs sync`, with target and environment. */
  readonly again?: string;
}

/** What the person decided about names that dcs finds and never wrote. */
export type Adoption = { readonly leave: ReadonlySet<string> };

/**
 * Guards first, each its own question, then the write itself. Returns, for each target, the adopted names to leave alone;
 * undefined when the person said no. Throws where nobody can be asked and no flag answers.
 */
export async function consent(
  looks: readonly Look[],
  environment: Environment,
  given: ConsentGiven,
  ask: Prompts,
): Promise<ReadonlyMap<Look, Adoption> | undefined> {
  const adoptions = new Map<Look, Adoption>();
  for (const look of looks) {
    const refused = ask.possible ? undefined : unanswered(look, environment, given);
    if (refused) throw refused;
    let leave: ReadonlySet<string> = new Set();
    for (const finding of openFindings(look, given)) {
      const left = await askGuard(look, finding, ask);
      if (left === undefined) return undefined;
      leave = left;
    }
    adoptions.set(look, { leave });
  }
  const count = looks.reduce((sum, look) => sum + writes(look.plan).length - (adoptions.get(look)?.leave.size ?? 0), 0);
  const behind = given.redeploy ? looks.filter(mayBeBehind).map(({ job }) => job.name) : [];
  if (count === 0 && behind.length === 0) return adoptions;
  const redeploy = `Redeploy what runs with older values of ${behind.join(', ')} in ${environment.name}?`;
  const agreed = count === 0 ? mayAct(redeploy, environment, given, ask) : mayWrite(count, environment, given, ask);
  return (await agreed) ? adoptions : undefined;
}

const openFindings = ({ findings }: Look, { plan, allow }: Pick<ConsentGiven, 'plan' | 'allow'>): readonly Finding[] =>
  plan ? [] : findings.filter(({ guard }) => !allow.has(guard));

/** What to say of the first guard that no flag answers, where nobody can be asked. */
export function unanswered(
  look: Look,
  environment: Environment,
  given: Pick<ConsentGiven, 'plan' | 'allow' | 'again' | 'trigger'>,
): DcsError | undefined {
  const [finding] = openFindings(look, given);
  const again = given.again ?? `dcs sync ${look.job.name} -e ${environment.name}`;
  return finding ? refusal(look, finding, again) : given.trigger && deletesOf(look, given.trigger, again);
}

/** A trigger brings and mends; what it would take away, a person has to want. */
function deletesOf({ job, plan }: Look, trigger: TriggerType, again: string): DcsError | undefined {
  const names = plan.items.filter(({ action }) => action === 'delete').map(({ name }) => name);
  if (names.length === 0) return undefined;
  return new DcsError('REFUSED', `This plan deletes ${listed(names)} from ${job.name}, and a ${trigger} trigger deletes nothing.`, {
    why: 'Nothing was written.',
    hint: [`${again} --dry-run`, again],
  });
}

/** The write itself, guards aside. */
export function mayWrite(count: number, environment: Environment, given: ConsentGiven, ask: Prompts): Promise<boolean> {
  return mayAct(`Write ${plural(count, 'change')} to ${environment.name}?`, environment, given, ask);
}

export async function mayAct(question: string, environment: Environment, given: ConsentGiven, ask: Prompts): Promise<boolean> {
  if (!environment.protected) return given.yes || ask.confirm(question, '--yes');
  if (given.yes && (given.named || given.plan)) return true;
  if (!ask.possible)
    throw new DcsError('REFUSED', `${environment.name} is protected.`, {
      why: `Writing to it without a terminal needs -e and --yes, both typed${given.again === undefined ? ', or a saved plan' : ''}. Nothing was written.`,
      hint: given.again === undefined ? [`dcs sync -e ${environment.name} --yes`, `dcs sync --plan FILE --yes`] : `${given.again} --yes`,
    });
  return ask.type(`Type ${environment.name} to write:`, environment.name, `-e ${environment.name} --yes`);
}

/** Undefined: no. Else the names to leave alone. */
async function askGuard(look: Look, finding: Finding, ask: Prompts): Promise<ReadonlySet<string> | undefined> {
  const flag = `--allow ${finding.guard}`;
  if (finding.guard !== 'adopt') return (await ask.confirm(`${sentence(look, finding)} Go on?`, flag)) ? new Set() : undefined;
  const { names } = finding;
  const answer = await ask.choose(
    `${sentence(look, finding)} These ${names.length}:`,
    [
      { name: 'leave them, write the rest', value: 'leave' },
      { name: 'decide one by one', value: 'some' },
      { name: `replace all ${names.length} with ${nameOf(look)}'s values`, value: 'replace' },
    ],
    flag,
  );
  if (answer === 'leave') return new Set(names);
  if (answer === 'replace') return new Set();
  const replaced = new Set(await ask.select(`Replace with ${nameOf(look)}'s values:`, names, flag));
  return new Set(names.filter((name) => !replaced.has(name)));
}

function listed(names: readonly string[]): string {
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

const nameOf = ({ job }: Look): string => job.sourceName ?? 'Doppler';

function sentence(look: Look, { guard, names, of }: Finding): string {
  const { job } = look;
  const { title, type } = job.definition;
  switch (guard) {
    case 'empty':
      return `${nameOf(look)} has no names for ${job.name}; the last sync had ${of}.`;
    case 'shrink':
      return `${nameOf(look)} has ${plural(names.length, 'name')} fewer for ${job.name}; the last sync had ${of}.`;
    case 'delete':
      return `${plural(names.length, 'name')} of ${of} that dcs wrote would be deleted from ${job.name}: ${listed(names)}.`;
    case 'rewrite':
      return `${names.length} of ${of} names of ${job.name} would be overwritten.`;
    case 'identity':
      return `${job.name} is not what it was at the last sync: ${names[0]} then, ${names[1]} now.`;
    case 'adopt':
      if (type === 'doppler')
        return `${look.identity?.title ?? title} holds another value of ${plural(names.length, 'name')} that ${nameOf(look)} never wrote: ${listed(names)}.`;
      return `${title} ${job.name} already holds ${plural(names.length, 'name')} of this plan that dcs did not write: ${listed(names)}.`;
  }
}

const WHY: Record<Guard, string> = {
  empty: 'An empty source is mostly the wrong config, or a token that sees too little (guard: empty).',
  shrink: 'A source that shrinks this much is mostly the wrong config, or a token that sees too little (guard: shrink).',
  delete: 'So many deletes are mostly a mistake (guard: delete).',
  rewrite: 'Overwriting more than half at once is mostly the wrong config or a lost record (guard: rewrite).',
  identity: 'The record on this machine belongs to another account, project, worker or Doppler config (guard: identity).',
  adopt: 'What is overwritten on a platform that does not show values cannot come back (guard: adopt).',
};

/** Doppler keeps what was there in the config's log; `existing:` is a setting of targets in dcs.yaml. */
const IN_DOPPLER = "Doppler's log keeps what is overwritten, but whoever reads the config gets the new values (guard: adopt).";

function refusal(look: Look, finding: Finding, again: string): DcsError {
  const inward = look.job.definition.type === 'doppler';
  const explain = !inward && ['shrink', 'delete'].includes(finding.guard);
  return new DcsError(finding.exit, sentence(look, finding), {
    why: `${inward && finding.guard === 'adopt' ? IN_DOPPLER : WHY[finding.guard]} Nothing was written.`,
    hint: [
      ...(explain ? [`dcs explain ${finding.names[0]} -e ${look.job.environment}`] : []),
      `${again} --dry-run`,
      ...(!inward && finding.guard === 'adopt' ? [`existing: leave     in dcs.yaml, to leave such names alone`] : []),
      `${again} --yes --allow ${finding.guard}     if it is meant`,
    ],
  });
}
