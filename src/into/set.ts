import type { Environment } from 'dcs-sdk';
import { planIntoDoppler, syncIntoDoppler, type IntoDoppler } from '../into-doppler.ts';
import { countLine, planJson, planLines } from '../render/plan.ts';
import type { Style } from '../render/style.ts';
import type { Session } from '../session.ts';
import type { SyncResult } from '../sync-end.ts';
import { sourceOfGiven, type Given } from './given.ts';
import { judge } from './judge.ts';

export interface SetOptions {
  readonly references: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Sets the named secrets to what was given. Naming them is the consent to overwrite them, the plan shows which. */
export async function setSecrets(
  session: Session,
  environment: Environment,
  given: readonly Given[],
  { references, yes, dryRun }: SetOptions,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const rules = session.project.secretRules;
  const { taken } = judge(given, 'this command', { only: [], except: [], asIs: true, references, rules });
  const source = sourceOfGiven('this command', 'given:', taken);
  const into: IntoDoppler = {
    from: 'you',
    again: `dcs secrets set ${given.map(({ name, at }) => (at.startsWith('@') ? `${name} @FILE` : name)).join(' ')} -e ${environment.name}`,
    yes,
    allow: ['rewrite'],
    existing: 'replace',
    record: false,
    stored: true,
    references,
  };
  if (!dryRun) return syncIntoDoppler(session, environment, source, into, style, say);
  const { looks } = await planIntoDoppler(session, environment, source, into);
  const lines = [...looks.flatMap((each) => [...planLines(each, style), '']), countLine(looks)];
  return { lines, json: { environment: environment.name, plans: looks.map(planJson) }, exit: 0 };
}
