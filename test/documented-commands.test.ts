import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './e2e/world.ts';

const { packages } = (await import('../scripts/manifest.mjs' as string)) as { packages: readonly string[] };

interface Flag {
  readonly allowNo?: boolean;
  readonly char?: string;
  readonly aliases?: readonly string[];
  readonly charAliases?: readonly string[];
}
const commands = new Map(
  packages.flatMap((folder) =>
    Object.entries(
      (
        JSON.parse(readFileSync(join(ROOT, folder, 'oclif.manifest.json'), 'utf8')) as {
          commands: Record<string, { flags: Record<string, Flag> }>;
        }
      ).commands,
    ),
  ),
);

/** Not typed: what a snapshot's file begins with. */
const FORMAT = 'dcs snapshot 1';

/** What somebody would type of a page: lines of its shell blocks, and code in its prose. */
function typed(page: string): string[] {
  const blocks = [...page.matchAll(/^```(?:sh|console)\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'));
  const prose = [...page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`(dcs [^`…<]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...prose]
    .flatMap((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/\s# .*/, '')
        .split(/\|\||&&|\\?\||;|\$\(|["']/),
    )
    .map((part) =>
      part
        .trim()
        .replace(/\)+$/, '')
        .replace(/^(?:[A-Z_]+=\S+ )+/, ''),
    )
    .filter((part) => /^dcs\s+[a-z]/.test(part) && part !== FORMAT);
}

/** What is wrong with it. */
function wrong(line: string): string | undefined {
  const [, ...words] = line.split(' -- ')[0]!.split(/\s+/);
  const plain = words.filter((word) => !word.startsWith('-')).map((word) => word.replace(/,$/, ''));
  const id = plain.map((_, index) => plain.slice(0, plain.length - index).join(':')).find((one) => commands.has(one));
  // `dcs neon branch ...`, `dcs secrets`: the words before several commands.
  if (id === undefined && plain[0] === 'reconcile') return undefined;
  if (id === undefined) return [...commands.keys()].some((one) => one.startsWith(`${plain[0]}:`)) ? undefined : 'no such command';
  const { flags } = commands.get(id)!;
  const known = Object.entries(flags).flatMap(([name, { allowNo, char, aliases = [], charAliases = [] }]) => [
    ...[name, ...aliases].flatMap((long) => [`--${long}`, ...(allowNo ? [`--no-${long}`] : [])]),
    ...[char, ...charAliases].map((short) => `-${short}`),
  ]);
  const strange = words
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/[=,.].*/, ''))
    .filter((flag) => flag !== '--help' && flag !== '-h' && !known.includes(flag));
  return strange.length === 0 ? undefined : `${id} has no ${strange.join(', ')}`;
}

describe('what the pages have people type', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...globSync(['docs/**/*.md', 'plugins/*/README.md', 'examples/*/README.md', 'runtime/README.md'], {
      cwd: ROOT,
      exclude: ['**/node_modules/**'],
    }),
  ];
  const lines = pages.flatMap((page) => typed(readFileSync(join(ROOT, page), 'utf8')).map((line) => ({ page, line })));

  it('are commands and flags that exist', () => {
    expect(lines.length).to.be.above(300);
    const mistakes = lines.map(({ page, line }) => ({ page, line, why: wrong(line) })).filter(({ why }) => why !== undefined);
    expect(mistakes.map(({ page, line, why }) => `${page}: ${line}: ${why}`)).to.deep.equal([]);
  });

  it('notices a command and a flag that do not exist', () => {
    expect(typed('```sh\n$ X=1 dcs synk -e dev | cat\neval "$(dcs shell init zsh)"\n```\n`dcs diff --bogus`')).to.deep.equal([
      'dcs synk -e dev',
      'dcs shell init zsh',
      'dcs diff --bogus',
    ]);
    expect(wrong('dcs synk -e dev')).to.equal('no such command');
    expect(wrong('dcs diff --bogus -e dev')).to.equal('diff has no --bogus');
    expect(wrong('dcs run -e dev -- npm --bogus')).to.equal(undefined);
  });
});
