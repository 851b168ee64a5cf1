import { writes, type Effect, type PlanItem } from 'dcs-sdk';
import type { Look } from '../engine/look.ts';
import { plural, printable, type Style } from './style.ts';

/** Whose plan it is, as far as sentences say it. */
type Naming =
  | Pick<Look['job'], 'definition' | 'sourceName'>
  | { readonly definition: { readonly type: string }; readonly sourceName?: string };
const TARGET: Naming = { definition: { type: '' } };

export const SYMBOL: Record<PlanItem['action'], string> = {
  create: '+ create ',
  update: '~ update ',
  delete: '- delete ',
  same: '= same   ',
  kept: '· kept   ',
  foreign: '· kept   ',
  held: '· held   ',
  blocked: '! blocked',
  nothing: '',
};

const LIVE: Record<Effect, string> = {
  now: 'live at once',
  'next-deploy': 'live with the next deployment',
  redeploy: 'live after a redeploy',
};

/** Why, in the reader's words. `still`: the source is as the last sync read it. */
export function reason(item: PlanItem, still: boolean, { definition, sourceName = 'Doppler' }: Naming = TARGET): string {
  const inward = definition.type === 'doppler';
  if (item.action === 'held') return item.reason === 'removed' ? 'its delete waits: a name is blocked' : 'waits: two names become one';
  switch (item.reason) {
    case 'gone':
      return 'somebody deleted it there (drift)';
    case 'changed':
      return still ? 'changed in dcs.yaml, or not written last time' : `changed in ${sourceName}`;
    case 'drift':
      return 'changed there, not by dcs (drift)';
    case 'touched':
      return 'a secret was edited there, not by dcs (drift)';
    case 'unknown':
      return 'cannot compare: the record does not tell';
    case 'adopt':
      return inward ? "! overwrites another value; Doppler's log keeps it" : '! not written by dcs; no undo (guard: adopt)';
    case 'removed':
      return 'Doppler no longer has it';
    case 'not-in-doppler':
      return inward ? `${sourceName} wrote it, and no longer has it` : 'dcs wrote it, Doppler no longer has it (--prune)';
    case 'policy':
      return 'it exists; policy create-only';
    case 'existing':
      return 'not written by dcs; existing: leave';
    case 'withheld':
      return `${sourceName} does not show its value to this token`;
    case 'unresolved':
      return 'its ${...} reference does not resolve';
    case 'untransformed':
      return item.note ?? 'its transform failed';
    case 'limit':
      return item.note ?? 'the platform does not take it';
    case 'other-owner':
      return 'another source or target owns it (its mark says so)';
    case 'not-ours':
      return 'not written by dcs';
    case 'contested':
      return 'not in Doppler; changed there since dcs wrote it';
    default:
      return '';
  }
}

export function planTitle({ job, identity }: Look): string {
  const what = identity?.title ?? `${job.definition.title} ${job.place.split('|').at(2) ?? ''}`.trim();
  return `${job.name} · ${what} · ${LIVE[identity?.effect ?? job.definition.effect]}`;
}

/** One target's part of `dcs diff`. */
export function planLines(look: Look, style: Style): string[] {
  const { plan, shaped, found, source } = look;
  const still = found?.source?.identity === source.identity && found.source.version === source.version;
  const shown = plan.items.filter(({ action }) => action !== 'same');
  const listed = look.job.definition.type === 'doppler' ? shown.filter(({ action }) => action !== 'foreign') : shown;
  const width = Math.max(0, ...listed.map(({ name }) => printable(name).length));
  const same = plan.items.length - shown.length;
  const lines = [planTitle(look), ...(look.identity?.notes ?? []).map((note) => `  ! note     ${note}`)];
  lines.push(...(look.undeployed ?? []).map((code) => `  ! not live  ${code}`));
  const line = (item: PlanItem): string => {
    const symbol = paint(SYMBOL[item.action], item.action, style);
    return `  ${symbol} ${printable(item.name).padEnd(width)}  ${reason(item, still, look.job)}`.trimEnd();
  };
  const rank = ['create', 'update', 'delete', 'held', 'blocked', 'kept', 'foreign'];
  const sorted = shown.toSorted((a, b) => rank.indexOf(a.action) - rank.indexOf(b.action));
  const changing = sorted.filter(({ action }) => action !== 'kept' && action !== 'foreign');
  lines.push(...changing.map(line));
  if (same > 0) lines.push(`  ${SYMBOL.same} ${same}`);
  lines.push(
    ...keptLines(
      look,
      sorted.filter((item) => !changing.includes(item)),
      line,
    ),
  );
  if (plan.collisions.length > 0)
    lines.push(`  ! blocked   ${plan.collisions.map(printable).join(', ')} become one name here: nothing is written`);
  if (shaped.withheld.length > 0)
    lines.push(`  · withheld  ${shaped.withheld.map(printable).join(', ')} (a credential; include it by name to send it)`);
  return lines;
}

/** What Doppler holds besides is no finding when something comes in. */
function keptLines({ job }: Look, kept: readonly PlanItem[], line: (item: PlanItem) => string): string[] {
  if (job.definition.type !== 'doppler') return kept.map(line);
  const foreign = kept.filter(({ action }) => action === 'foreign').length;
  return [
    ...kept.filter(({ action }) => action !== 'foreign').map(line),
    ...(foreign === 0 ? [] : [`  ${SYMBOL.kept} ${plural(foreign, 'other name')}`]),
  ];
}

function paint(text: string, action: PlanItem['action'], style: Style): string {
  if (action === 'create') return style.green(text);
  if (action === 'delete' || action === 'blocked') return style.red(text);
  return action === 'update' || action === 'held' ? style.yellow(text) : text;
}

/** Is there anything that a sync would do, or cannot do? */
export const differs = ({ plan }: Look): boolean =>
  writes(plan).length > 0 || plan.collisions.length > 0 || plan.items.some(({ action }) => action === 'blocked' || action === 'held');

/** What a plan of several members shows: what differs, and what is written and not live. */
export const shows = (look: Look): boolean => differs(look) || (look.undeployed ?? []).length > 0;

export function countLine(looks: readonly Look[]): string {
  const items = looks.flatMap(({ plan }) => plan.items);
  const count = (...actions: PlanItem['action'][]): number => items.filter(({ action }) => actions.includes(action)).length;
  const blocked = count('blocked', 'held');
  const changes = `${count('create')} create, ${count('update')} update, ${count('delete')} delete`;
  return `${changes} on ${plural(looks.length, 'target')}; ${count('same')} same, ${count('kept', 'foreign')} kept${blocked > 0 ? `, ${blocked} blocked` : ''}`;
}

export const plansLines = (looks: readonly Look[], style: Style): string[] => looks.flatMap((look) => [...planLines(look, style), '']);

/** The sum of all plans. `brief`: those in sync are not shown, but counted. */
export const sumLine = (looks: readonly Look[], brief: boolean): string =>
  brief ? `${countLine(looks)}; ${plural(looks.filter((look) => !differs(look)).length, 'target')} in sync` : countLine(looks);

export function planJson(look: Look): Record<string, unknown> {
  const { job, plan, findings, identity, shaped } = look;
  const changes = writes(plan);
  const changed = new Set(changes);
  return {
    target: job.name,
    type: job.definition.type,
    title: identity?.title ?? job.definition.title,
    identity: identity?.id ?? null,
    effect: identity?.effect ?? job.definition.effect,
    notes: identity?.notes ?? [],
    undeployed: look.undeployed ?? [],
    changes: changes.map(({ name, action, reason: why }) => ({ name, action, reason: why })),
    others: plan.items
      .filter((item) => !changed.has(item))
      .map(({ name, action, reason: why, note }) => ({ name, action, reason: why, ...(note === undefined ? {} : { note }) })),
    collisions: plan.collisions,
    withheld: shaped.withheld,
    guards: findings.map(({ guard, names, of }) => ({ guard, names, of })),
  };
}
