import { DcsError, type GitHook } from 'dcs-sdk';
import { findBlock } from './block.ts';
import { look, move, remove, write } from './file.ts';
import { cut, edited } from './install.ts';
import type { Layout } from './layout.ts';
import { BEFORE, SHEBANG } from './scripts.ts';

export interface Removal {
  readonly hook: GitHook;
  readonly file: string;
  /** `restored`: what stood there before dcs is back. `kept`: the file stays with lines that somebody added. */
  readonly result: 'removed' | 'restored' | 'kept';
  apply(): Promise<void>;
}

/** Undefined: dcs has nothing there. Reads only; `apply` writes. `force`: what was added to or edited in a file of dcs's goes with it. */
export async function uninstalling(layout: Layout, hook: GitHook, force: boolean): Promise<Removal | undefined> {
  const file = layout.file(hook);
  const found = await look(file);
  const before = layout.executable ? await look(file + BEFORE) : undefined;
  const back = async (): Promise<void> => move(file + BEFORE, file);
  // dcs was stopped between its two steps.
  if (found === undefined) return before && { hook, file, result: 'restored', apply: back };
  const inner = layout.inner(found.text, hook);
  const block = inner === undefined ? undefined : findBlock(inner, hook);
  if (inner === undefined || block === undefined) return undefined;
  if (block === 'cut') throw cut(file, hook);
  if (!block.intact && !force) throw edited(file);
  const rest = inner.slice(0, block.start) + inner.slice(block.end);
  const bare = rest === '' || rest === SHEBANG;
  if (before) {
    if (!bare && !force) throw added(file);
    return { hook, file, result: 'restored', apply: back };
  }
  const empty = block.fresh && bare;
  const text = layout.outer(found.text, hook, empty || (layout.name === 'simple-git-hooks' && rest === '') ? undefined : rest);
  return {
    hook,
    file,
    result: empty ? 'removed' : block.fresh ? 'kept' : 'restored',
    apply: async () => (text === undefined ? remove(file) : write(file, text, found.mode)),
  };
}

const added = (file: string): DcsError =>
  new DcsError('CONFLICT', `Somebody added lines to ${file}, which makes way for what stood there before dcs.`, {
    why: 'They would be lost. Nothing was changed.',
    hint: [`move them into ${file}${BEFORE}, then: dcs hooks uninstall`, '--force     they go'],
  });
