import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DcsError, type Secret } from 'dcs-sdk';
import { isMissing } from '../files.ts';
import type { Session } from '../session.ts';
import { changesPrograms } from './child-env.ts';
import { FORMATS, renderFormat } from './formats/index.ts';
import type { FormatName } from './formats/names.ts';
import type { Format } from './formats/format.ts';
import type { Injection } from './injection.ts';

/** How the values are written down; `local`: as the local tool of the target reads them. */
export type Writing = { readonly kind: 'template'; readonly file: string } | { readonly kind: 'local' } | { readonly kind: FormatName };

export interface ValuesOptions {
  readonly writing: Writing;
  /** The target of `--for`. */
  readonly for?: string | undefined;
  readonly secretName?: string | undefined;
  /** Names that are written although they change how programs start. */
  readonly allowed: ReadonlySet<string>;
  readonly say: (line: string) => void;
}

export async function valuesText(session: Session, injection: Injection, options: ValuesOptions): Promise<string> {
  const { writing } = options;
  if (writing.kind === 'template') return fromTemplate(session, writing.file, injection.secrets);
  const kind = writing.kind === 'local' ? await localFormat(session, options.for) : writing.kind;
  const secrets = (FORMATS[kind] as Format).variables ? withoutStarters(injection.secrets, options) : injection.secrets;
  return renderFormat(kind, secrets, options.secretName === undefined ? {} : { secretName: options.secretName });
}

async function fromTemplate({ cwd }: Session, file: string, secrets: ReadonlyMap<string, Secret>): Promise<string> {
  const [{ renderTemplate }, text] = await Promise.all([import('./template.ts'), readTemplate(resolve(cwd, file), file)]);
  return renderTemplate({ file, text }, secrets);
}

async function readTemplate(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new DcsError('USAGE', `There is no template ${file}.`, { why: 'Nothing was written or printed.', hint: '--template FILE' });
  }
}

/** What an eval would set in the caller's shell, `dcs run` would not give a program either. */
function withoutStarters(secrets: ReadonlyMap<string, Secret>, { allowed, say }: ValuesOptions): ReadonlyMap<string, Secret> {
  const left = [...secrets.keys()].filter((name) => changesPrograms(name) && !allowed.has(name));
  if (left.length > 0) say(`! ${left.join(', ')} left out: they change how programs start (--allow-name ${left[0]})`);
  return new Map([...secrets].filter(([name]) => !left.includes(name)));
}

async function localFormat(session: Session, target: string | undefined): Promise<FormatName> {
  const entry = target === undefined ? undefined : session.project.targets.get(target);
  const { definitionOf } = await import('../jobs.ts');
  const local = entry === undefined ? undefined : (await definitionOf(session, entry)).local;
  if (local !== undefined) return local.format;
  throw new DcsError('USAGE', 'Which format?', {
    why:
      entry === undefined
        ? '--out by itself writes the file of a target’s local tool, and needs --for TARGET.'
        : `The local tool of ${entry.name} reads no file. Nothing was written.`,
    hint: ['--format dotenv --out .env', '--for TARGET --out FILE'],
  });
}
