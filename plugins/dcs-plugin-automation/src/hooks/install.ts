import { DcsError, type GitHook } from 'dcs-sdk';
import { blockOf, findBlock } from './block.ts';
import { callLines, type Call } from './call.ts';
import { look, move, write, type Found } from './file.ts';
import type { Layout } from './layout.ts';
import { BEFORE, isShell, SHEBANG } from './scripts.ts';

export interface Change {
  readonly hook: GitHook;
  readonly file: string;
  readonly result: 'installed' | 'changed' | 'unchanged';
  /** Where what stood there before lies now; it is started after dcs. */
  readonly chained?: string;
  apply(): Promise<void>;
}

/** Reads only; `apply` writes. Throws CONFLICT where it would take away what somebody wrote. `force`: lines of dcs that were edited. */
export async function installing(layout: Layout, call: Call, force: boolean): Promise<Change> {
  const { hook } = call;
  const file = layout.file(hook);
  const found = await look(file);
  const inner = layout.inner(found?.text, hook);
  const block = inner === undefined ? undefined : findBlock(inner, hook);
  if (block === 'cut') throw cut(file, hook);
  if (block && !block.intact && !force) throw edited(file);
  const before = layout.executable ? await look(file + BEFORE) : undefined;
  if (inner !== undefined && block) {
    const text = inner.slice(0, block.start) + blockOf(hook, layout.body(call, before !== undefined), block.fresh) + inner.slice(block.end);
    const same = text === inner && !found!.foreign;
    const mode = layout.executable ? found!.mode | 0o111 : found!.mode;
    const whole = same ? found!.text : layout.outer(found!.text, hook, text)!;
    return {
      hook,
      file,
      result: same && mode === found!.mode ? 'unchanged' : 'changed',
      ...(before ? { chained: file + BEFORE } : {}),
      apply: async () => (same && mode === found!.mode ? undefined : write(file, whole, mode)),
    };
  }
  const refusal = layout.refusal?.(inner, hook);
  if (refusal !== undefined) throw unfit(layout, call, refusal);
  const aside = layout.executable && found !== undefined && !joins(found);
  if (aside && before) throw twice(file);
  if (!aside && found?.foreign) throw unfit(layout, call, `${file} is a link`);
  const chained = aside || before !== undefined;
  const rest = aside ? undefined : inner;
  const text = joined(rest, (fresh) => blockOf(hook, layout.body(call, chained), fresh), layout.executable || layout.name === 'husky');
  const whole = layout.outer(aside ? undefined : found?.text, hook, text)!;
  return {
    hook,
    file,
    result: 'installed',
    ...(chained ? { chained: file + BEFORE } : {}),
    async apply() {
      if (aside) await move(file, file + BEFORE);
      const mode = found === undefined || aside ? (layout.executable ? 0o755 : 0o644) : found.mode;
      await write(file, whole, mode);
    },
  };
}

/** After the first line of a script, or on top: what stands there may end by itself, and dcs still had its turn. */
function joined(rest: string | undefined, block: (fresh: boolean) => string, script: boolean): string {
  if (rest === undefined) return (script ? SHEBANG : '') + block(true);
  // Another hook's lines are all that the file was made for.
  if (!script) return block(/^# >>> dcs hooks \S+ \S+ new\n/.test(rest)) + rest;
  const first = rest.startsWith('#!') ? rest.indexOf('\n') + 1 : 0;
  return rest.slice(0, first) + block(false) + rest.slice(first);
}

/** git would start it, and its lines are those of sh. */
const joins = ({ text, mode, foreign }: Found): boolean => !foreign && (mode & 0o100) !== 0 && isShell(text);

export const cut = (file: string, hook: string): DcsError =>
  new DcsError('CONFLICT', `The lines of dcs in ${file} lost their begin or end.`, {
    why: 'What is whose cannot be told. Nothing was changed.',
    hint: `take out what is left of "dcs hooks ${hook}" there, then: dcs hooks install`,
  });

export const edited = (file: string): DcsError =>
  new DcsError('CONFLICT', `The lines of dcs in ${file} were edited.`, {
    why: 'Nothing was changed.',
    hint: ['move your lines above or below them', '--force     does away with the edit'],
  });

const twice = (file: string): DcsError =>
  new DcsError('CONFLICT', `${file} is not the one that dcs wrote, and ${file}${BEFORE} is there already.`, {
    why: 'Both are yours, and one would be lost. Nothing was changed.',
    hint: `remove the one that is not needed, then: dcs hooks install`,
  });

function unfit(layout: Layout, call: Call, why: string): DcsError {
  return new DcsError('CONFLICT', `${why}, so dcs adds nothing there by itself.`, {
    why: 'Nothing was changed. These lines do it:',
    hint: [
      ...callLines(call, layout.name === 'lefthook' ? '{3}' : undefined),
      ...(layout.apply === undefined ? [] : [`then: ${layout.apply}`]),
    ],
  });
}
