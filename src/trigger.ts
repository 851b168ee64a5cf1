import { DcsError, type Environment, type TriggerType } from 'dcs-sdk';
import { isTrusted } from './config/trust.ts';
import { chooseTargets } from './jobs.ts';
import type { Session } from './session.ts';

/** In CI it is the workflow file that says when these start, and who may change it. */
const OF_CI: ReadonlySet<TriggerType> = new Set(['ci', 'schedule']);

/** Whether dcs.yaml has such a trigger at all. */
export const hasTrigger = ({ project }: Session, type: TriggerType, environment: string): boolean =>
  project.triggers.some((trigger) => trigger.type === type && trigger.environment === environment);

/**
 * The words of a sync that a trigger starts: the targets that it may write. Throws REFUSED where dcs.yaml names no such trigger, where
 * a word goes beyond it, and where nobody trusted the file as it is.
 */
export async function wordsOfTrigger(
  session: Session,
  type: TriggerType,
  { name: environment }: Environment,
  words: readonly string[],
): Promise<readonly string[]> {
  const { project, ci, directories } = session;
  const mine = project.triggers.filter((trigger) => trigger.type === type && trigger.environment === environment);
  if (mine.length === 0)
    throw refused(`No trigger of type ${type} in dcs.yaml names ${environment}.`, {
      hint: `triggers: [{type: ${type}, environment: ${environment}}]     in dcs.yaml`,
    });
  if (!(ci !== undefined && OF_CI.has(type)) && !(await isTrusted(directories.stateDir, project.files)))
    throw refused(`dcs.yaml is not trusted to act by itself.`, {
      why: `A trigger writes without asking, so somebody has to have read the file as it is now. Nothing was written.`,
      hint: 'dcs trust',
    });
  const limited = mine.every(({ targets }) => targets !== undefined);
  const allowed = new Set(mine.flatMap(({ targets }) => targets ?? []));
  if (words.length === 0) return limited ? [...allowed] : [];
  const beyond = limited ? chooseTargets(session, words, environment).find(({ name }) => !allowed.has(name)) : undefined;
  if (beyond)
    throw refused(`The ${type} trigger of ${environment} does not name ${beyond.name}.`, { hint: `it names ${[...allowed].join(', ')}` });
  return words;
}

const refused = (message: string, { why = 'Nothing was written.', hint }: { readonly why?: string; readonly hint: string }): DcsError =>
  new DcsError('REFUSED', message, { why, hint });
