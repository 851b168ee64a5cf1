import type { Path } from './document.ts';

/** Does the file have something at this path? */
export function says(value: unknown, path: Path): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return false;
  return says((value as Record<PropertyKey, unknown>)[key], rest);
}
