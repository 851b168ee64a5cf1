import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { GitHook } from 'dcs-sdk';
import type { Call } from './call.ts';
import { lefthook } from './lefthook.ts';
import type { Repository } from './repository.ts';
import { scripts } from './scripts.ts';
import { simpleGitHooks } from './simple-git-hooks.ts';

/** Who keeps the hooks of a repository, and so which file dcs's lines have to stand in to stay. */
export interface Layout {
  readonly name: 'git' | 'husky' | 'lefthook' | 'simple-git-hooks';
  file(hook: GitHook): string;
  /** The file goes to the team with the next commit. */
  readonly versioned: boolean;
  /** What has to run before git knows of a change. Never started by dcs: it is a program of the repository. */
  readonly apply?: string;
  /** git starts the file itself, so it needs the right to be run. */
  readonly executable: boolean;
  /** `chained`: what stood there before lies beside it and follows. */
  body(call: Call, chained: boolean): string;
  /** The text within the file that the lines stand in. Throws CONFLICT where the file cannot be read as what it should be. */
  inner(text: string | undefined, hook: GitHook): string | undefined;
  /** The file with another text there; undefined: without. */
  outer(text: string | undefined, hook: GitHook, inner: string | undefined): string | undefined;
  /** Why no lines can be added to what stands there; they would do harm. */
  refusal?(inner: string | undefined, hook: GitHook): string | undefined;
}

/** The first is where lines go; in the others they may stand from before. */
export function layoutsOf(repository: Repository): readonly [Layout, ...Layout[]] {
  const { top, hooks } = repository;
  if (basename(hooks) === '_' && ['h', 'husky.sh'].some((name) => existsSync(join(hooks, name))))
    return [scripts('husky', dirname(hooks), repository)];
  const plain = scripts('git', hooks, repository);
  const other = lefthook(top) ?? simpleGitHooks(top);
  return other === undefined ? [plain] : [other, plain];
}
