import { originalEnv } from '../original-env.ts';
import { definitionOf } from '../jobs.ts';
import type { Session } from '../session.ts';
import { startChild } from './child.ts';
import { childEnv, type ChildEnvRules } from './child-env.ts';
import { inject, type Injection, type InjectionOptions } from './injection.ts';
import { findProgram } from './program.ts';
import { Reader } from './reader.ts';
import { canReplace, replaceWith } from './replace.ts';

export interface RunOptions {
  /** The program and its words. */
  readonly argv: readonly string[];
  readonly injection: InjectionOptions;
  readonly rules: ChildEnvRules;
  /** Undefined: mask what is no terminal. */
  readonly mask?: boolean;
  readonly say: (line: string) => void;
}

/** Answers the program's exit code; where nothing has to stay behind, this process becomes the program and there is no answer. */
export async function runProgram(session: Session, options: RunOptions): Promise<number> {
  const reader = await Reader.open(session);
  const injection = await inject(session, reader, options.injection);
  const variables = await variablesFor(session, injection, options);
  const [name, ...args] = options.argv as [string, ...string[]];
  const program = findProgram(name, variables, session.cwd);
  const masks = { stdout: options.mask ?? !process.stdout.isTTY, stderr: options.mask ?? !process.stderr.isTTY };
  if (!masks.stdout && !masks.stderr && canReplace(program, options.argv, variables)) replaceWith(program, options.argv, variables);
  const child = await startChild({ program, args, variables, masks: {} });
  return child.ended;
}

async function variablesFor(
  session: Session,
  injection: Injection,
  { injection: { for: target }, rules, say }: RunOptions,
): Promise<Readonly<Record<string, string>>> {
  for (const line of injection.lines) say(line);
  const { variables, blocked } = childEnv(originalEnv, injection.secrets, rules);
  if (blocked.length > 0) say(`! ${blocked.join(', ')} left out: they change how programs start (--allow-name ${blocked[0]})`);
  const entry = target === undefined ? undefined : session.project.targets.get(target);
  const local = entry === undefined ? undefined : (await definitionOf(session, entry)).local;
  return { ...variables, ...local?.variables };
}
