import { readFileSync } from 'node:fs';
import { DcsError, Secret, type Env, type Invocation } from 'dcs-sdk';
import { checkDopplerName } from '../doppler/target.ts';
import { isMissing } from '../files.ts';
import { prompts } from '../prompts.ts';
import type { Given } from './given.ts';
import { utf8, wholeStdin } from './stdin.ts';

/** A name, and the file that holds its value. */
export interface Named {
  readonly name: string;
  readonly file?: string;
}

/** `NAME`, or `NAME @FILE` once or more. Throws USAGE for all else, and repeats no word: it may be a value. */
export function namesAndFiles(words: readonly string[]): Named[] {
  const [name, ...rest] = words;
  if (name !== undefined && rest.length === 0) return [{ name: checkedName(name) }];
  const named: Named[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [one = '', file = ''] = words.slice(at, at + 2);
    if (!file.startsWith('@') || file === '@') throw valueInArgv(words);
    named.push({ name: checkedName(one), file: file.slice(1) });
  }
  return named;
}

/** Names alone. */
export function checkedNames(words: readonly string[]): string[] {
  return [...new Set(words.map(checkedName))];
}

function checkedName(word: string): string {
  if (word.includes('=') || word.startsWith('@')) throw valueInArgv([word]);
  const problem = checkDopplerName(word);
  if (problem !== undefined) throw new DcsError('USAGE', 'This is no name for a secret.', { why: `${problem}. Nothing was written.` });
  return word;
}

function valueInArgv([first = '']: readonly string[]): DcsError {
  const name = /^[A-Z_][A-Z0-9_]*(?==|$)/.exec(first)?.[0] ?? 'NAME';
  return new DcsError('USAGE', 'A value never stands on the command line.', {
    why: `Everybody on this machine can read it there, and the shell keeps it. If it was one, change it. ${NOTHING}`,
    hint: [`dcs secrets set ${name}              asks for it`, ...ways(name)],
  });
}

const NOTHING = 'Nothing was written.';
const ways = (name: string): string[] => [
  `dcs secrets set ${name} @FILE        takes it from a file`,
  `COMMAND | dcs secrets set ${name}    takes what the command prints`,
];

/** Each value by file, prompt or stdin: a file as it is, stdin without one line end. An empty one only from a file. */
export function valuesOf(named: readonly Named[], invocation: Invocation, env: Env): Promise<Given[]> {
  return Promise.all(named.map((each) => valueOf(each, invocation, env)));
}

async function valueOf({ name, file }: Named, invocation: Invocation, env: Env): Promise<Given> {
  if (file !== undefined) return { name, secret: new Secret(utf8(bytesOf(file), '@FILE')), at: '@FILE' };
  const { value, at } = await typed(name, invocation, env);
  if (value !== '') return { name, secret: new Secret(value), at };
  throw new DcsError('USAGE', `No value of ${name} arrived on ${at}.`, {
    why: 'Nothing was written.',
    hint: [`dcs secrets set ${name} @/dev/null     if the empty value is meant`, `dcs secrets unset ${name}`],
  });
}

async function typed(name: string, invocation: Invocation, env: Env): Promise<{ value: string; at: string }> {
  if (!process.stdin.isTTY) return { value: utf8(await wholeStdin(), 'stdin').replace(/\r?\n$/, ''), at: 'stdin' };
  const ask = prompts(invocation, env);
  if (!ask.possible) throw new DcsError('REFUSED', `There is nobody to ask for the value of ${name}.`, { why: NOTHING, hint: ways(name) });
  return { value: await ask.secret(`Value of ${name}:`, '@FILE'), at: 'the prompt' };
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const why = isMissing(error) ? 'there is no such file' : String(error.code);
    throw new DcsError('USAGE', `@FILE cannot be read: ${why}.`, { why: 'Nothing was written.' });
  }
}
