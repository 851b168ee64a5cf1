import type * as z from 'zod';
import { checkedFiles } from './checked-files.ts';
import { parse, read, type Parsed } from './document.ts';

/**
 * Parses and checks, except that a text which passed once is not checked again while it stays as it is: the schemas and their
 * library are a tenth of a start. `shown` is the file as messages name it.
 */
export async function parseOnce<T>(text: string, shown: string, cacheDir: string, schema: () => Promise<z.ZodType<T>>): Promise<Parsed<T>> {
  const passed = checkedFiles(cacheDir);
  if (passed.has(shown, text)) return read(text, shown) as Parsed<T>;
  const parsed = parse(text, shown, await schema());
  passed.add(shown, text);
  return parsed;
}
