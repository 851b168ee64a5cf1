import { DcsError, type Environment, type Source } from 'dcs-sdk';
import { consent, unanswered, type Adoption } from './consent.ts';
import { look, type Look } from './engine/look.ts';
import type { Work } from './planning.ts';
import { prompts } from './prompts.ts';
import type { Session } from './session.ts';
import type { SyncOptions } from './sync.ts';

interface Accepted {
  readonly accepted: readonly Look[];
  /** Of several members: those with a guard that no flag answers, where nobody can be asked. */
  readonly refused: readonly { readonly look: Look; readonly error: DcsError }[];
}

/** Consent to all of it, once. */
export async function accept(
  session: Session,
  environment: Environment,
  options: SyncOptions,
  looks: readonly Look[],
  work: Work,
): Promise<Accepted> {
  const given = {
    yes: options.yes || options.trigger !== undefined,
    allow: new Set(options.allow),
    named: session.invocation.env !== undefined || options.consented === true,
    plan: options.plan !== undefined,
    redeploy: options.redeploy,
    ...(options.trigger === undefined ? {} : { trigger: options.trigger }),
  };
  const { invocation } = session;
  const ask = prompts(options.trigger === undefined ? invocation : { ...invocation, input: false }, session.env);
  const refused = looks.flatMap((each) => {
    const error = work.several && !ask.possible ? unanswered(each, environment, given) : undefined;
    return error === undefined ? [] : [{ look: each, error }];
  });
  const admitted = looks.filter((each) => !refused.some(({ look: other }) => other === each));
  const again = options.again === undefined ? {} : { again: options.again };
  const adoptions = await consent(admitted, environment, { ...given, ...again }, ask);
  if (!adoptions) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  const sourceFor = ({ job }: Look): Source => work.parts.find(({ jobs }) => jobs.includes(job))!.source;
  return { accepted: await Promise.all(admitted.map((each) => withoutLeft(each, adoptions.get(each), sourceFor(each)))), refused };
}

/** Names that the person leaves alone are planned again with that answer. */
async function withoutLeft(found: Look, adoption: Adoption | undefined, source: Source): Promise<Look> {
  if (!adoption || adoption.leave.size === 0) return found;
  const read = await source.read();
  if (!read) throw new Error('A source read without a version must answer');
  const except = new Set([
    ...(found.job.rules.except ?? []),
    ...[...adoption.leave].map((name) => found.shaped.desired.names.get(name)?.from ?? name),
  ]);
  const job = { ...found.job, rules: { ...found.job.rules, except } };
  return look({ job, found: found.found, settled: found.ledger, listing: found.listing }, read);
}

/** Before anything is read. */
export function refuseUnconsented(session: Session, environment: Environment, options: SyncOptions): void {
  const single = [...session.project.targets.values()].filter(({ singleValue }) => singleValue);
  if (
    single.length > 0 &&
    session.invocation.env === undefined &&
    options.plan === undefined &&
    single.some(({ environments }) => environments.length > 1)
  )
    throw new DcsError('REFUSED', `${single.map(({ name }) => name).join(', ')}: one place for all environments is written only with -e.`, {
      why: 'The entry names one value for every environment, so it must be clear which one owns it. Nothing was written.',
      hint: [
        `dcs sync -e ${environment.name}`,
        'or give each environment its own: worker: {staging: ..., prod: ...} (dcs config migrate asks)',
      ],
    });
}
