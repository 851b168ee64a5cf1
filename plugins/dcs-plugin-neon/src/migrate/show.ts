import type { Branch } from '../branches.ts';
import { nothingToDo, type Plan } from './plan.ts';

export function planLines({ name }: Branch, plan: Plan, adopt: string | undefined): string[] {
  const { pending, adopted, repaired, applied } = plan;
  if (nothingToDo(plan)) return [`${name}  nothing to do, ${count(applied, 'migration')} applied`];
  return [
    `${name}  ${count(pending.length, 'migration')} to apply, ${applied} applied`,
    ...(adopted.length === 0 ? [] : [`  = ${count(adopted.length, 'migration')} applied by ${adopt}, only recorded`]),
    ...repaired.map(({ file, checksum }) => `  ~ ${file}  ${checksum === null ? 'recorded without a file' : 'recorded as it is now'}`),
    ...pending.map(({ migration: { file, statements, transaction }, done }) => {
      const from = done === 0 ? '' : ` from line ${statements[done]?.line ?? 1}`;
      return `  + ${file}  ${count(statements.length - done, 'statement')}${from}${transaction ? '' : ', no transaction'}`;
    }),
  ];
}

export const planJson = ({ id, name }: Branch, { pending, adopted, repaired, applied }: Plan): Record<string, unknown> => ({
  id,
  name,
  pending: pending.map(({ migration: { file, version } }) => ({ version, file })),
  adopted: adopted.map(({ version }) => version),
  repaired: repaired.map(({ version }) => version),
  applied,
});

/** What comes from a database can steer a terminal. */
export const diffLines = (diff: string): string[] =>
  diff === ''
    ? ['  = the schema stays as it is']
    : diff
        .trimEnd()
        .split('\n')
        .map((line) => `  ${line.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '·')}`);

export const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
