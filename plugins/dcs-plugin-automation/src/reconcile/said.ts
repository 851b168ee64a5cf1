import type { DcsRun } from 'dcs-sdk';
import type { Document, Failure, Row } from '../documents.ts';
import type { Environment, Failed } from './report.ts';

interface Written {
  readonly target: string;
  readonly outcomes?: readonly { readonly name: string; readonly result: string; readonly code?: string; readonly message?: string }[];
  readonly error?: string;
  readonly code?: string;
}

/** The rows; or why there are none. */
export function looked(run: DcsRun): readonly Row[] | Failed {
  const { targets, error } = (run.document ?? {}) as Document<Row>;
  return error === undefined && targets !== undefined ? targets : ended(run, error);
}

/** What a sync of an environment wrote, and what failed. */
export function synced(run: DcsRun): Pick<Environment, 'written' | 'failed'> {
  const { targets, error } = (run.document ?? {}) as Document<Written>;
  if (error !== undefined || targets === undefined) return { written: [], failed: [ended(run, error)] };
  const written = targets
    .map(({ target, outcomes = [] }) => ({ target, names: outcomes.filter(({ result }) => result === 'done').map(({ name }) => name) }))
    .filter(({ names }) => names.length > 0);
  const failed = targets.flatMap(({ target, outcomes = [], error: message, code = 'TARGET' }) => {
    const open = outcomes.find(({ result }) => result !== 'done');
    if (message !== undefined) return [{ target, code, message }];
    return open === undefined ? [] : [{ target, code: open.code ?? 'TARGET', message: open.message ?? 'Not all of it was written.' }];
  });
  return { written, failed: run.exit !== 0 && failed.length === 0 ? [ended(run, undefined)] : failed };
}

const ended = ({ exit }: DcsRun, error: Failure | undefined): Failed => ({
  target: null,
  code: error?.code ?? 'INTERRUPTED',
  message: error?.message ?? `dcs ended with exit code ${exit}.`,
  try: error?.try ?? [],
});
