import { basename, extname } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { readText } from '../config/document.ts';
import { parseDotenv } from './dotenv.ts';
import type { Given } from './given.ts';
import { utf8, wholeStdin } from './stdin.ts';

export const IMPORT_FORMATS = ['dotenv', 'json', 'yaml'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** The values of a file; `-`: of stdin. Throws CONFIG with file and line, and never a value. */
export async function readGiven(file: string, format: ImportFormat | undefined): Promise<{ shown: string; given: Given[] }> {
  const shown = file === '-' ? 'stdin' : basename(file);
  const raw = file === '-' ? utf8(await wholeStdin(), shown) : await readText(file, shown);
  if (raw === undefined)
    throw new DcsError('CONFIG', `There is no file or target ${file.includes('=') ? 'of that name' : shown}.`, {
      why: 'Nothing was written.',
      hint: 'dcs targets',
    });
  const text = raw.replace(/^\uFEFF/, '');
  const kind = format ?? formatOf(file, text);
  if (kind === 'dotenv') return { shown, given: parseDotenv(text, shown) };
  const { parseDocument } = await import('./documents.ts');
  return { shown, given: parseDocument(text, shown, kind) };
}

function formatOf(file: string, text: string): ImportFormat {
  const extension = extname(file);
  if (extension === '.json') return 'json';
  if (extension === '.yaml' || extension === '.yml') return 'yaml';
  return text.trimStart().startsWith('{') ? 'json' : 'dotenv';
}
