import type { GitHook } from 'dcs-sdk';

/** What a hook asks dcs. */
export interface Call {
  readonly hook: GitHook;
  readonly environment?: string;
  /** dcs.yaml, from the top of the repository, where it does not stand there. */
  readonly file?: string;
  /** Differences end the push. */
  readonly gate: boolean;
}

/** POSIX sh, also under `set -eu`. `third`: how the third argument of the hook is written. Reads no input: that of pre-push is the next one's. */
export function callLines({ hook, environment, file, gate }: Call, third = '${3-}'): string[] {
  const words = [
    'dcs hooks run',
    hook,
    ...(gate ? ['--gate'] : []),
    ...(environment === undefined ? [] : ['-e', quoted(environment)]),
    ...(file === undefined ? [] : ['--config-file', quoted(file)]),
  ];
  const branches = hook === 'post-checkout';
  return [
    '# Says what is behind in at most 5 s. dcs hooks uninstall takes these lines out.',
    // git says 0 where files were checked out, and not a branch.
    ...(branches ? [`if [ "${third}" = 0 ]; then`, '  :'] : []),
    `${branches ? 'elif' : 'if'} command -v dcs >/dev/null 2>&1; then`,
    `  ${words.join(' ')} </dev/null || ${gate ? `[ $? -ne ${GATE_EXIT} ] || exit 1` : ':'}`,
    'else',
    "  echo 'dcs hooks: dcs is not on the PATH, so nothing was compared.' >&2",
    'fi',
  ];
}

/** What `dcs hooks run --gate` exits with where something is behind or drifted, and never for another reason. */
export const GATE_EXIT = 2;

const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
