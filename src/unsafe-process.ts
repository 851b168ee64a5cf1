/** Settings of Node under which dcs would hand out what it is trusted with. A line each: what, why, what to type. */
const UNSAFE: readonly { readonly met: (env: Env) => boolean; readonly message: string; readonly hint: string }[] = [
  {
    met: (env) => env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
    message: 'NODE_TLS_REJECT_UNAUTHORIZED=0 turns off the check of every server; dcs sends credentials.',
    hint: 'unset NODE_TLS_REJECT_UNAUTHORIZED',
  },
  {
    // Node has read it before any code of ours runs: taking it away is too late.
    met: (env) => (env['NODE_DEBUG'] ?? '').split(',').some((word) => SHOWS_VALUES.test(word.trim())),
    message: 'NODE_DEBUG makes Node print the headers and the environments that dcs sends.',
    hint: 'unset NODE_DEBUG     for the program alone: dcs run -- env NODE_DEBUG=... CMD',
  },
  {
    met: (env) => WRITES_MEMORY.test(env['NODE_OPTIONS'] ?? ''),
    message: 'NODE_OPTIONS makes Node write its memory to a file, and dcs has the secrets there.',
    hint: 'unset NODE_OPTIONS     for the program alone: dcs run -- env NODE_OPTIONS=... CMD',
  },
];
const SHOWS_VALUES = /^(child_process|http2?|https|net|tls|stream|fetch|undici|.*\*.*)$/i;

/** Node takes `_` for `-`: https://nodejs.org/api/cli.html#options (last verified 2026-11-21). */
const WRITES_MEMORY = /--heapsnapshot[-_](signal|near[-_]heap[-_]limit)/;

type Env = Readonly<Record<string, string | undefined>>;

/** The refusal of a process that would leak, as text for stderr; otherwise no crash of this process writes its environment to disk. */
export function refuseUnsafeProcess(env: Env): string | undefined {
  const unsafe = UNSAFE.find(({ met }) => met(env));
  if (unsafe !== undefined) return `✗ REFUSED  ${unsafe.message}\n  Try   ${unsafe.hint}\n`;
  // A diagnostic report holds the environment and is readable by everybody: https://nodejs.org/api/report.html (last verified 2026-11-21).
  Object.assign(process.report, { excludeEnv: true, reportOnFatalError: false, reportOnSignal: false, reportOnUncaughtException: false });
  return undefined;
}
