import { DcsError, type Env } from 'dcs-sdk';

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** What every object inherits is no variable: `constructor`. */
export const isSet = (env: Env, name: string): boolean => Object.hasOwn(env, name) && env[name] !== undefined;

/** Runs on scalars after parsing, so that no value can add a key, a comment or a type. What it inserts is not read again. */
export function substitute(text: string, env: Env, position: () => string): string {
  return text.replace(VARIABLE, (_, name: string) => {
    const value = isSet(env, name) ? env[name] : undefined;
    if (value === undefined)
      throw new DcsError('CONFIG', `${position()}: the variable ${name} is not set.`, { hint: `export ${name}=...` });
    return value;
  });
}

export function variablesIn(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(VARIABLE)].map(([, name]) => name!);
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(variablesIn) : [];
}

export function substituteAll(value: unknown, env: Env, position: () => string): unknown {
  if (typeof value === 'string') return substitute(value, env, position);
  if (Array.isArray(value)) return value.map((one) => substituteAll(one, env, position));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, substituteAll(one, env, position)]));
}
