import type { Schema } from 'dcs-sdk';

type Field = 'text' | 'text?' | 'texts?' | readonly string[];
type Issue = { message: string; path: [string] };

/** A small Standard Schema, since a schema library would cost each start of dcs more than all it has to check here. */
export function schema<Options>(fields: Readonly<Record<string, Field>>): Schema<Options> {
  return {
    '~standard': {
      version: 1,
      vendor: 'dcs',
      validate(value) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return { issues: [{ message: 'must be a map' }] };
        const given = new Map<string, unknown>(Object.entries(value));
        const issues = Object.entries(fields).flatMap(([key, field]) => check(key, field, given.get(key)));
        if (issues.length > 0) return { issues };
        const known = [...given].filter(([key, item]) => Object.hasOwn(fields, key) && item !== undefined);
        return { value: Object.fromEntries(known) as Options };
      },
    },
  };
}

function check(key: string, field: Field, value: unknown): Issue[] {
  const issue = (message: string): Issue[] => [{ message, path: [key] }];
  if (value === undefined) return field === 'text' ? issue(`${key} is missing`) : [];
  if (typeof field !== 'string')
    return typeof value === 'string' && field.includes(value) ? [] : issue(`must be one of ${field.join(', ')}`);
  if (field === 'texts?') return Array.isArray(value) && value.length > 0 && value.every(isWord) ? [] : issue('must be a list of words');
  return isWord(value) ? [] : issue('must be a word without spaces or slashes');
}

/** These end up as segments of a URL. */
const isWord = (value: unknown): boolean => typeof value === 'string' && /^[^\s/?#%\\]+$/.test(value) && !/^\.+$/.test(value);

export interface WorkerOptions {
  readonly account_id: string;
  readonly worker: string;
}
export const workerFields = { account_id: 'text', worker: 'text' } as const;

export interface PagesOptions {
  readonly account_id: string;
  readonly project: string;
  readonly pages_environment?: 'production' | 'preview';
}
export const pagesFields = { account_id: 'text', project: 'text', pages_environment: ['production', 'preview'] } as const;

export interface StoreOptions {
  readonly account_id: string;
  readonly store_id?: string;
  readonly scopes?: readonly string[];
}
export const storeFields = { account_id: 'text', store_id: 'text?', scopes: 'texts?' } as const;
