import { DcsError, type Env, type Secret } from 'dcs-sdk';

export interface ChildEnvRules {
  /** Names the caller's environment keeps where Doppler has them too. Default: Doppler wins. */
  readonly preserve: 'none' | 'all' | ReadonlySet<string>;
  /** Nothing of the caller's environment but what a program needs to start. */
  readonly clean: boolean;
  /** Names that are injected although they change how programs start. */
  readonly allowed: ReadonlySet<string>;
}

export interface ChildEnv {
  /** Made with own keys only: `__proto__` is a legal name. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names that were left out because they would change how any program starts. */
  readonly blocked: readonly string[];
}

/** Whoever sets one of these in Doppler runs code in every program, or sends it astray. */
const STARTING = [
  /^(PATH|HOME|SHELL|IFS|ENV|CDPATH|PS[0-4]|PROMPT_COMMAND|BASH_ENV|BASH_FUNC_.*|ZDOTDIR|TMPDIR)$/,
  /^(LD|DYLD|GLIBC|MALLOC)_/,
  /^GCONV_PATH$/,
  /^NODE_(OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|REPL_EXTERNAL_MODULE|V8_COVERAGE)$/,
  /^(PERL5(OPT|LIB|DB)|PYTHON(PATH|HOME|STARTUP|INSPECT|BREAKPOINT)|RUBY(OPT|LIB)|PHPRC|PHP_INI_SCAN_DIR)$/,
  /^(_JAVA_OPTIONS|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH)$/,
  /^GIT_(SSH|SSH_COMMAND|EXEC_PATH|EXTERNAL_DIFF|ASKPASS|EDITOR|PAGER|PROXY_COMMAND|CONFIG.*)$/,
  /^(EDITOR|VISUAL|PAGER|BROWSER|SSH_ASKPASS|SUDO_ASKPASS)$/,
  /^(PATHEXT|COMSPEC|SYSTEMROOT|WINDIR|USERPROFILE|PSMODULEPATH)$/i,
];

/** Whether a name changes how any program starts. */
export const changesPrograms = (name: string): boolean => STARTING.some((pattern) => pattern.test(name));

/** What `--clean-env` keeps: enough to find programs, the terminal, the language and the home. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|COLORTERM|LANG|LANGUAGE|LC_.*|TZ|TMPDIR|PWD|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|TEMP|TMP|USERPROFILE|APPDATA|LOCALAPPDATA)$/i;

/** One variable, its name and two more bytes, in Linux: MAX_ARG_STRLEN of execve(2). */
const LARGEST = 128 * 1024;

export function childEnv(caller: Env, secrets: ReadonlyMap<string, Secret>, { preserve, clean, allowed }: ChildEnvRules): ChildEnv {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(caller)) if (value !== undefined && (!clean || KEPT.test(name))) variables.set(name, value);
  const blocked: string[] = [];
  for (const [name, secret] of secrets) {
    const keeps = preserve === 'all' || (preserve !== 'none' && preserve.has(name));
    if (keeps && variables.has(name)) continue;
    if (changesPrograms(name) && !allowed.has(name)) blocked.push(name);
    else variables.set(name, checked(name, secret.reveal()));
  }
  return { variables: Object.fromEntries(variables), blocked };
}

/** Node's own message for a NUL quotes the value. */
function checked(name: string, value: string): string {
  const why = value.includes('\0')
    ? 'It holds a NUL byte.'
    : Buffer.byteLength(name) + Buffer.byteLength(value) + 2 > LARGEST && process.platform !== 'win32'
      ? 'It is larger than 128 KiB.'
      : undefined;
  if (why === undefined) return value;
  throw new DcsError('TARGET', `${name} cannot be an environment variable.`, {
    why: `${why} The program was not started.`,
    hint: [`--except ${name}`, `--mount FILE     gives it as a file`],
  });
}
