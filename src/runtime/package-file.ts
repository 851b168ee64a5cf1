import { dirname, join, relative } from 'node:path';
import { DcsError } from 'dcs-sdk';
import { readIfThere } from '../files.ts';

/** The package.json of an app. */
export interface PackageFile {
  readonly file: string;
  readonly text: string;
  readonly type: unknown;
}

/** The nearest folder with a package.json from `folder` up to `top`. */
export async function nearestPackage(folder: string, top: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    if ((await readIfThere(join(at, 'package.json'))) !== undefined) return at;
    if (at === top || at === dirname(at)) return undefined;
  }
}

export async function packageOf(folder: string, top: string): Promise<PackageFile> {
  const file = join((await nearestPackage(folder, top)) ?? top, 'package.json');
  const text = await readIfThere(file);
  if (text !== undefined) return { file, text, type: parsed(file, text)['type'] };
  throw new DcsError('CONFIG', 'This app has no package.json.', {
    why: 'The adapter is a package of npm. Nothing was written.',
    hint: 'npm init',
  });
}

function parsed(file: string, text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new DcsError('CONFIG', `${relative(process.cwd(), file)} is no JSON object.`, { why: 'Nothing was written.' });
}

/** As `npm install` would write it; the same text when the app depends on it already. */
export function withDependency({ file, text }: PackageFile, name: string, range: string): string {
  const content = parsed(file, text);
  const dependencies = (content['dependencies'] ?? {}) as Record<string, string>;
  if (Object.hasOwn(dependencies, name)) return text;
  const sorted = Object.fromEntries(Object.entries({ ...dependencies, [name]: range }).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  return JSON.stringify({ ...content, dependencies: sorted }, undefined, indent) + (text.endsWith('\n') ? '\n' : '');
}

const LOCKS: readonly (readonly [lock: string, line: string])[] = [
  ['pnpm-lock.yaml', 'pnpm install'],
  ['yarn.lock', 'yarn install'],
  ['bun.lock', 'bun install'],
];

export async function installLine({ file }: PackageFile): Promise<string> {
  for (const [lock, line] of LOCKS) if ((await readIfThere(join(dirname(file), lock))) !== undefined) return line;
  return 'npm install';
}
