import { approvals, type Approval, type ApprovalState } from './engine/approval.ts';
import { isExpired, refuseForged, staleTargets, wantedMacs, type SavedPlan, type SavedTarget } from './engine/saved-plan.ts';
import type { LedgerKeys } from './engine/ledger-types.ts';
import type { Look } from './engine/look.ts';
import type { Scope } from './plan-scope.ts';
import { planKeys } from './record.ts';
import { plural, table, type Style } from './render/style.ts';
import type { Session } from './session.ts';
import { planTargets } from './planning.ts';

export interface PlanView {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  /** The plan still holds; or, for `status`, every target holds what was approved. */
  readonly good: boolean;
}

type Planned = NonNullable<Scope['plan']>;

/** A saved plan against Doppler and the targets as they are now. Throws where one of them cannot be read, or the file was altered. */
async function lookAgain(session: Session, { file, saved }: Planned): Promise<{ looks: readonly Look[]; keys: LedgerKeys }> {
  const environment = session.choose(true, saved.environment);
  const keys = await planKeys(session, environment);
  refuseForged(saved, keys, file);
  const words = saved.targets.map(({ name }) => name);
  const { looks, failures } = await planTargets(session, environment, words, saved.filters, 'values');
  if (failures[0]) throw failures[0].error;
  return { looks, keys };
}

const head = ({ file, saved }: Planned): string => `${file} · ${saved.environment} · made ${saved.made} · expires ${saved.expires}`;

/** What a saved plan would do, and whether it still may: `dcs diff --plan`. */
export async function viewPlan(session: Session, planned: Planned, style: Style): Promise<PlanView> {
  const { saved } = planned;
  const { looks, keys } = await lookAgain(session, planned);
  const stale = new Set(staleTargets(saved, looks, keys));
  const expired = isExpired(saved, new Date());
  const lines = saved.targets.flatMap((target) => {
    const moved = stale.has(target.name) ? movedNames(target, looks, keys) : [];
    const why = moved.length > 0 ? `Doppler moved: ${moved.join(', ')}` : 'the target or the settings moved';
    return [target.name, ...changeLines(target), ...(stale.has(target.name) ? [`  ${style.red('✗ stale')}    ${why}`] : []), ''];
  });
  const good = stale.size === 0 && !expired;
  const verdict = good
    ? `It holds. Next  dcs sync --plan ${planned.file} --yes`
    : `${expired ? 'It expired' : 'It is stale'}. Next  dcs diff -e ${saved.environment} --out ${planned.file}`;
  return {
    lines: [head(planned), '', ...lines, verdict],
    json: {
      plan: summary(saved),
      expired,
      stale: [...stale],
      targets: saved.targets.map(({ name, changes }) => ({ target: name, changes })),
    },
    good,
  };
}

const SYMBOL: ReadonlyMap<string, string> = new Map([
  ['create', '+ create '],
  ['update', '~ update '],
  ['delete', '- delete '],
]);

function changeLines({ changes }: SavedTarget): string[] {
  if (changes.length === 0) return ['  = nothing to write'];
  return changes.map(({ action, name }) => `  ${SYMBOL.get(action) ?? action} ${name}`);
}

function movedNames({ place, wanted }: SavedTarget, looks: readonly Look[], keys: LedgerKeys): string[] {
  const look = looks.find(({ job }) => job.place === place);
  if (look === undefined) return [];
  const now = keys.all.map((key) => new Map(wantedMacs(look, key)));
  const before = new Map(wanted.map(([name, mac]) => [name, mac]));
  const names = [...new Set([...now.flatMap((macs) => [...macs.keys()]), ...before.keys()])];
  return names.filter((name) => now.every((macs) => macs.get(name) !== before.get(name))).toSorted();
}

/** Whether each target holds what was approved: `dcs status --plan`. */
export async function approvalView(session: Session, planned: Planned, style: Style): Promise<PlanView> {
  const { looks, keys } = await lookAgain(session, planned);
  const rows = planned.saved.targets.map((target) => {
    const look = looks.find(({ job }) => job.place === target.place);
    const all = look === undefined ? elsewhere(target) : approvals(target, look, keys);
    const held = look !== undefined && all.every(({ state }) => state === 'approved');
    return { target: target.name, all, held, readable: look?.job.definition.supports.readable ?? false };
  });
  const good = rows.every(({ held }) => held);
  const lines = table(
    rows.map(({ target, all, held, readable }) => {
      const sum = held ? `${plural(all.length, 'name')} as approved` : others(all);
      return [
        held ? style.green('✓') : style.red('✗'),
        target,
        sum,
        readable ? 'values read back' : 'by the record: nobody can read the values',
      ];
    }),
  );
  return {
    lines: [head(planned), '', ...lines, '', good ? 'Every target holds what was approved.' : 'Not everything is as approved.'],
    json: {
      plan: summary(planned.saved),
      approved: good,
      targets: rows.map(({ target, all, readable }) => ({ target, readable, names: all })),
    },
    good,
  };
}

/** dcs.yaml names another place for this target now: nothing of the plan can be said of it. */
const elsewhere = ({ wanted, changes }: SavedTarget): readonly Approval[] =>
  [...new Set([...wanted.map(([name]) => name), ...changes.map(({ name }) => name)])].map((name) => ({ name, state: 'other' }));

const WORDS: Readonly<Record<ApprovalState, string>> = {
  approved: 'as approved',
  pending: 'not written yet',
  drifted: 'drifted',
  other: 'something else since',
  unclear: 'cannot compare',
};

function others(all: readonly { readonly name: string; readonly state: ApprovalState }[]): string {
  const states = [...new Set(all.map(({ state }) => state))].filter((state) => state !== 'approved');
  const named = (wanted: ApprovalState): string => all.flatMap(({ name, state }) => (state === wanted ? [name] : [])).join(', ');
  return states.map((state) => `${WORDS[state]}: ${named(state)}`).join('; ');
}

const summary = ({ environment, made, expires, filters }: SavedPlan): Record<string, unknown> => ({ environment, made, expires, filters });
