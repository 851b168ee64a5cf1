import type { DcsRun } from 'dcs-sdk';
import type { Document, Failure, Row } from '../documents.ts';

interface Written {
  readonly target: string;
  readonly outcomes?: readonly { readonly result: string }[];
  readonly error?: string;
}

/** `3 secrets behind on staging`, a line an environment; nothing where all is in sync. */
export function compared({ document }: DcsRun): { readonly lines: readonly string[]; readonly differs: boolean } {
  const { targets: rows, error } = (document ?? {}) as Document<Row>;
  if (rows === undefined) return { lines: [`dcs hooks: nothing was compared: ${why(error)}`], differs: false };
  const lines = [...Map.groupBy(rows, ({ environment }) => environment)].flatMap(([environment, each]) => {
    const count = (of: 'behind' | 'drifted' | 'unclear', word: string): string[] => {
      const { size } = new Set(each.flatMap((row) => row[of].map((name) => `${row.target} ${name}`)));
      return size === 0 ? [] : [`${secrets(size)} ${word}`];
    };
    const found = [...count('behind', 'behind'), ...count('drifted', 'drifted'), ...count('unclear', 'not comparable')];
    return found.length === 0 ? [] : [`dcs hooks: ${found.join(', ')} on ${environment}: dcs diff -e ${environment}`];
  });
  // Somebody who may not read production hears of the others.
  const failed = rows.filter((row) => row.error !== undefined);
  const told = failed.length === rows.length ? failed : failed.filter(({ state }) => state !== 'no access');
  const [first, ...others] = told;
  return {
    lines: [
      ...lines,
      ...(first ? [`dcs hooks: ${first.environment} ${first.target}${more(others.length)} not compared: ${why(first.error)}`] : []),
    ],
    differs: rows.some(({ behind, drifted }) => behind.length + drifted.length > 0),
  };
}

/** `2 secrets written on dev`; nothing where there was nothing to do. */
export function synced(environment: string, run: DcsRun): readonly string[] {
  const document = run.document as Document<Written> | undefined;
  const again = `dcs sync -e ${environment}`;
  if (document === undefined) return [`dcs hooks: the sync of ${environment} was ended: ${SLOW}: ${again}`];
  if (document.error) return [`dcs hooks: ${environment} was not synced: ${why(document.error)}`];
  const targets = document.targets ?? [];
  const written = targets.flatMap(({ outcomes = [] }) => outcomes).filter(({ result }) => result === 'done').length;
  const [failed, ...others] = targets.filter(({ error, outcomes = [] }) => error ?? outcomes.some(({ result }) => result !== 'done'));
  return [
    ...(written > 0 ? [`dcs hooks: ${secrets(written)} written on ${environment}`] : []),
    ...(failed
      ? [
          `dcs hooks: ${failed.target}${more(others.length)} on ${environment} was not synced${failed.error === undefined ? '' : ` (${failed.error})`}: ${again}`,
        ]
      : run.exit === 0
        ? []
        : [`dcs hooks: ${environment} was not synced to the end: ${again}`]),
  ];
}

const SLOW = 'it took longer than a git hook may';
/** Nothing and `interrupted` alike: its time was over. */
const why = (error: Failure | undefined): string => (error === undefined || error.code === 'INTERRUPTED' ? SLOW : error.message);
const more = (count: number): string => (count === 0 ? '' : ` and ${count} more`);
const secrets = (count: number): string => `${count} secret${count === 1 ? '' : 's'}`;
