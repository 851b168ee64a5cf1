import { DcsError, type Invocation } from 'dcs-sdk';

/** Asks a person on stderr. Where nobody can be asked, `REFUSED` names the flag that answers. */
export interface Prompts {
  readonly possible: boolean;
  /** Default No. */
  confirm(question: string, flag: string): Promise<boolean>;
  /** True when exactly `word` was typed. */
  type(question: string, word: string, flag: string): Promise<boolean>;
  choose<T extends string>(question: string, choices: readonly { readonly name: string; readonly value: T }[], flag: string): Promise<T>;
  /** What was typed, never shown. */
  secret(question: string, flag: string): Promise<string>;
  select(question: string, names: readonly string[], flag: string): Promise<readonly string[]>;
}

export function prompts(invocation: Invocation, env: Readonly<Record<string, string | undefined>>): Prompts {
  const possible = invocation.input && !invocation.json && !env['CI'] && process.stdin.isTTY === true && process.stderr.isTTY === true;
  const ask = async <T>(flag: string, question: Record<string, unknown>): Promise<T> => {
    if (!possible)
      throw new DcsError('REFUSED', 'This needs a yes, and there is nobody to ask.', {
        why: 'No terminal, or CI, --json or --no-input. Nothing was written.',
        hint: `the same with ${flag}`,
      });
    const { default: inquirer } = await import('inquirer'); // 100 ms: only once it is certain that somebody is asked
    const prompt = inquirer.createPromptModule({ output: process.stderr });
    const { answer } = await prompt([{ name: 'answer', ...question } as never]);
    return answer as T;
  };
  return {
    possible,
    confirm: (message, flag) => ask<boolean>(flag, { type: 'confirm', message, default: false }),
    type: async (message, word, flag) => (await ask<string>(flag, { type: 'input', message })) === word,
    choose: (message, choices, flag) => ask(flag, { type: 'select', message, choices }),
    secret: (message, flag) => ask(flag, { type: 'password', message }),
    select: (message, names, flag) => ask(flag, { type: 'checkbox', message, choices: names.map((name) => ({ name, value: name })) }),
  };
}
