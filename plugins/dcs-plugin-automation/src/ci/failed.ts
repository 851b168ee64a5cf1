import type { DcsRun } from 'dcs-sdk';

/** Why a dcs failed, from its document: its own error, else that of each target and name. For people; never a value. */
export interface Failed {
  readonly message: string;
  readonly why: readonly string[];
  readonly hint: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

const rows = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const said = (value: unknown): string | undefined => {
  const message = typeof value === 'object' && value !== null ? (value as Fields)['message'] : value;
  return typeof message === 'string' && message !== '' ? message : undefined;
};

export function failedRun({ exit, document = {} }: DcsRun): Failed {
  const error = document['error'] as Fields | undefined;
  const message = said(error);
  if (message !== undefined)
    return { message, why: [error?.['why']].flatMap((why) => said(why) ?? []), hint: rows(error?.['try']).map(String) };
  const targets = [
    ...rows(document['failures']).map((row) => [String(row['target']), said(row['message'])] as const),
    ...rows(document['targets']).flatMap((row) => [
      [String(row['target']), said(row['error'])] as const,
      ...rows(row['outcomes']).map((outcome) => [`${String(row['target'])} ${String(outcome['name'])}`, said(outcome['message'])] as const),
    ]),
  ];
  const why = targets.flatMap(([place, text]) => (text === undefined ? [] : [`${place}: ${text}`]));
  return { message: `dcs ended with exit code ${exit}.`, why, hint: [] };
}
