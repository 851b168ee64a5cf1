import { DcsError, type Environment, type Target } from 'dcs-sdk';
import { remember, whoWrites } from '../audit.ts';
import { mayWrite } from '../consent.ts';
import { nearest } from '../config/nearest.ts';
import { dopplerClient } from '../doppler-access.ts';
import type { DopplerSecret } from '../doppler/answers.ts';
import { dopplerTarget } from '../doppler/target.ts';
import { runId } from '../engine/apply.ts';
import { prompts } from '../prompts.ts';
import { SYMBOL } from '../render/plan.ts';
import { plural, type Style } from '../render/style.ts';
import type { Session } from '../session.ts';
import type { SyncResult } from '../sync-end.ts';
import { consequencesOf } from './consequences.ts';
import { rootOf } from './look.ts';

export interface UnsetOptions {
  readonly names: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/** Deletes exactly the named secrets: says who refers to them and who inherits them, asks, and refuses where somebody edited one. */
export async function unsetSecrets(
  session: Session,
  environment: Environment,
  { names, yes, dryRun }: UnsetOptions,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const { project, config } = environment.doppler;
  const client = await dopplerClient(session);
  const target = dopplerTarget(client, { host: session.dopplerHost, project, config }, { stored: true });
  const before = await held(target);
  refuseUnknown(names, before, `${project}/${config}`);
  const root = await rootOf(client, project, config);
  const inherited = names.filter((name) => root?.has(name) && root.get(name)?.raw === (before.get(name) ?? null));
  if (inherited.length > 0)
    throw new DcsError('USAGE', `${project}/${config} inherits ${inherited.join(', ')}.`, {
      why: 'What a branch config inherits is deleted in its root. Nothing was written.',
      hint: 'dcs context     shows the root of each config',
    });
  const consequences = await consequencesOf(session, client, environment, { names, before, root });
  const plan = [
    `doppler · Doppler ${project}/${config} · live at once`,
    ...names.map((name) => `  ${style.red(SYMBOL.delete)} ${name}`),
    ...consequences.map((line) => `  ! note     ${line}`),
    '',
    `0 create, 0 update, ${names.length} delete on 1 target; ${before.size - names.length} kept`,
  ];
  const json = { environment: environment.name, deletes: names, notes: consequences };
  if (dryRun) return { lines: plan, json: { ...json, exit: 0 }, exit: 0 };
  for (const line of plan) say(line);
  const again = `dcs secrets unset ${names.join(' ')} -e ${environment.name}`;
  const given = { yes, allow: new Set<never>(), named: session.invocation.env !== undefined, plan: false, again };
  if (!(await mayWrite(names.length, environment, given, prompts(session.invocation, session.env))))
    throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  const run = await remove(session, environment, target, names, root);
  return {
    lines: [
      `✓ ${plural(names.length, 'secret')} deleted from Doppler ${project}/${config}, verified; sync ${run}`,
      `Next  dcs diff -e ${environment.name} --prune     the targets still hold it`,
      `Undo  dcs undo ${run}`,
    ],
    json: { ...json, run, exit: 0 },
    exit: 0,
  };
}

async function held(target: Target): Promise<ReadonlyMap<string, string | undefined>> {
  const { entries } = await target.list(new Set());
  return new Map(entries.map(({ name, value }) => [name, value?.reveal()]));
}

function refuseUnknown(names: readonly string[], before: ReadonlyMap<string, unknown>, place: string): void {
  const unknown = names.filter((name) => !before.has(name));
  if (unknown[0] === undefined) return;
  const near = nearest(unknown[0], [...before.keys()]);
  throw new DcsError('USAGE', `Doppler ${place} has no ${unknown.join(', ')}.`, {
    why: 'Nothing was written.',
    hint: near === undefined ? 'dcs secrets list' : `did you mean ${near}?`,
  });
}

/** One request for all, read back. Throws with what became of it; answers the run's id. */
async function remove(
  session: Session,
  environment: Environment,
  target: Target,
  names: readonly string[],
  root: ReadonlyMap<string, DopplerSecret> | undefined,
): Promise<string> {
  const run = runId();
  const answers = await target.write(names.map((name) => ({ action: 'delete', name })));
  const refused = answers.find(({ result }) => result === 'conflict' || result === 'failed');
  if (refused) throw refused.error;
  const after = await held(target);
  const standing = names.filter((name) => after.has(name) && !(root?.has(name) && after.get(name) === (root.get(name)?.raw ?? undefined)));
  const outcomes = outcomesOf(names, standing);
  const deed = {
    id: run,
    target: 'doppler',
    place: [
      new URL(session.dopplerHost).origin,
      'doppler',
      `${environment.doppler.project}/${environment.doppler.config}`,
      environment.name,
    ].join('|'),
    sourceVersion: 'unset',
    outcomes,
    changes: (outcomes['done'] ?? []).map((name) => ({ action: 'delete' as const, name, from: name })),
  };
  await remember(session, environment, [deed], await whoWrites(session));
  if (standing.length === 0) return run;
  throw new DcsError('TARGET', `Doppler still has ${standing.join(', ')}.`, {
    why: 'It took the request, or the answer was lost, and reading back shows them.',
    hint: 'the same command again',
  });
}

function outcomesOf(names: readonly string[], standing: readonly string[]): Record<string, readonly string[]> {
  const done = names.filter((name) => !standing.includes(name));
  return { ...(done.length > 0 ? { done } : {}), ...(standing.length > 0 ? { failed: standing } : {}) };
}
