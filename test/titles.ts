import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './e2e/world.ts';

/** Whether a file of tests has these words. Titles may be templates, or escaped. */
export const hasWords = (file: string, words = ''): boolean =>
  existsSync(join(ROOT, file)) && readFileSync(join(ROOT, file), 'utf8').replaceAll("\\'", "'").includes(words);
