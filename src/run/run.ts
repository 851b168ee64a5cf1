import { originalEnv } from '../original-env.ts';
import type { Session } from '../session.ts';
import type { Child, Start } from './child.ts';
import { childEnv, type ChildEnvRules } from './child-env.ts';
import { anyExpiring } from './expiring-folder.ts';
import type { FormatName } from './formats/names.ts';
import { inject, type Injection, type InjectionOptions } from './injection.ts';
import { findProgram } from './program.ts';
import { pipeFiles } from './pipe-files.ts';
import { Reader } from './reader.ts';
import { canReplace, replaceWith } from './replace.ts';

export interface MountOptions {
  readonly file: string;
  readonly format: FormatName;
  readonly maxReads?: number;
}

export interface RunOptions {
  /** The program and its words. */
  readonly argv: readonly string[];
  readonly injection: InjectionOptions;
  readonly rules: ChildEnvRules;
  /** Undefined: mask what is no terminal. */
  readonly mask?: boolean;
  /** Start it anew whenever a value changes. */
  readonly watch: boolean;
  /** The secrets as a file, whose path is DCS_SECRETS_PATH, instead of variables. */
  readonly mount?: MountOptions;
  /** Variables besides the secrets; undefined takes one away. */
  readonly extra?: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
}

/** Answers the program's exit code; where nothing has to stay behind, this process becomes the program and there is no answer. */
export async function runProgram(session: Session, options: RunOptions): Promise<number> {
  const { stateDir } = session.directories;
  if (anyExpiring(stateDir)) await (await import('./expiry.ts')).removeOverdue({ stateDir, env: session.env });
  const reader = await Reader.open(session);
  const injection = await inject(session, reader, options.injection);
  for (const line of injection.lines) options.say(line);
  if (options.mount !== undefined) return mounted(session, reader, injection, options, options.mount);
  if (options.watch) return watched(session, reader, injection, options);
  const start = await startOf(session, injection, options);
  const masked = start.masked.stdout || start.masked.stderr;
  if (!masked && canReplace(start.program, options.argv, start.variables)) replaceWith(start.program, options.argv, start.variables);
  const { startChild } = await import('./child.ts');
  return (await startChild(start)).ended;
}

async function mounted(session: Session, reader: Reader, injection: Injection, options: RunOptions, mount: MountOptions): Promise<number> {
  const [{ startChild }, { mountSecrets }, { renderFormat }] = await Promise.all([
    import('./child.ts'),
    import('./mount.ts'),
    import('./formats/index.ts'),
  ]);
  const text = ({ secrets }: Injection): string => renderFormat(mount.format, secrets);
  const pipe = await mountSecrets(mount.file, text(injection), mount.maxReads);
  const given: RunOptions = { ...options, extra: { ...options.extra, DCS_SECRETS_PATH: pipe.path } };
  try {
    if (options.watch) return await watched(session, reader, injection, given, (next) => pipe.update(text(next)));
    return await (
      await startChild(await startOf(session, injection, given))
    ).ended;
  } finally {
    await pipe.close();
  }
}

async function watched(
  session: Session,
  reader: Reader,
  first: Injection,
  options: RunOptions,
  changed: (next: Injection) => void = () => undefined,
): Promise<number> {
  const [{ startChild }, { changes }, { supervise }] = await Promise.all([
    import('./child.ts'),
    import('./watch.ts'),
    import('./supervise.ts'),
  ]);
  const ended = new AbortController();
  const prepare = async (injection: Injection): Promise<() => Promise<Child>> => {
    const start = await startOf(session, injection, options);
    changed(injection);
    return () => startChild(start);
  };
  try {
    return await supervise(first, prepare, changes(session, reader, options.injection, first, ended.signal, options.say), options.say);
  } finally {
    ended.abort();
  }
}

/** Everything a start needs, checked while nothing is started yet. */
export async function startOf(
  session: Session,
  injection: Injection,
  { argv, rules, mask, mount, injection: asked, extra, say }: RunOptions,
): Promise<Start> {
  const { variables: own, blocked } = childEnv(originalEnv, mount === undefined ? injection.secrets : new Map(), rules);
  if (blocked.length > 0) say(`! ${blocked.join(', ')} left out: they change how programs start (--allow-name ${blocked[0]})`);
  const all = { ...own, ...(await localVariables(session, asked.for)), ...extra };
  const variables = Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined));
  const [name, ...args] = argv as [string, ...string[]];
  return {
    program: findProgram(name, variables, session.cwd),
    args,
    variables,
    secrets: injection.secrets,
    say,
    files: mount === undefined ? [] : pipeFiles(mount.file),
    masked: { stdout: mask ?? !process.stdout.isTTY, stderr: mask ?? !process.stderr.isTTY },
  };
}

/** What makes the local tool of a target read the environment. */
async function localVariables(session: Session, target: string | undefined): Promise<Readonly<Record<string, string>>> {
  const entry = target === undefined ? undefined : session.project.targets.get(target);
  if (entry === undefined) return {};
  const { definitionOf } = await import('../jobs.ts');
  return (await definitionOf(session, entry)).local?.variables ?? {};
}
