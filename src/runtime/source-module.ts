import nodeModule from 'node:module';
import { DcsError, type SourceModule } from 'dcs-sdk';

/** Parses a module of an app. Throws CONFIG for what is neither JavaScript nor TypeScript of erasable types. */
export async function parseModule(file: string, text: string, packageType: unknown): Promise<SourceModule> {
  const typescript = /\.[cm]?ts$/.test(file);
  const tokens: SourceModule['tokens'][number][] = [];
  const { parse } = await import('acorn');
  try {
    const program = parse(typescript ? blanked(text) : text, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      allowReturnOutsideFunction: true,
      onToken: ({ start, end }) => void tokens.push({ start, end }),
    }) as unknown as SourceModule['program'];
    return { file, text, typescript, program, tokens, ...kind(file, program, packageType) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DcsError('CONFIG', `${file} cannot be read.`, {
      why: `${error.message}. dcs edits JavaScript, and TypeScript whose types can be erased. Nothing was written.`,
      hint: 'docs/runtime.md shows what to write by hand',
    });
  }
}

/** Without its types, every position kept. */
function blanked(text: string): string {
  // It warns of being experimental, on stderr and at its first call only.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => {};
  try {
    const stripped = nodeModule.stripTypeScriptTypes(text, { mode: 'strip' });
    if (stripped.length === text.length) return stripped;
    throw new SyntaxError('Its types cannot be told from its code');
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new SyntaxError((error as Error).message.split('\n')[0]);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** In TypeScript `import` says nothing of what a compiler makes of it; Node.js takes JavaScript for what it looks like. */
function kind(file: string, { body }: SourceModule['program'], packageType: unknown): Pick<SourceModule, 'esm' | 'awaits'> {
  const module = packageType === 'module' ? !/\.c[jt]s$/.test(file) : /\.m[jt]s$/.test(file);
  const esm = module || (body as { type: string }[]).some(({ type }) => /^(Import|Export)/.test(type));
  return { esm, awaits: module || (esm && file.endsWith('.js')) };
}
