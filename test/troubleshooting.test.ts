import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXIT, GUARDS } from 'dcs-sdk';
import { ROOT } from './e2e/world.ts';

const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const sources = globSync(['src/**/*.ts', 'sdk/src/**/*.ts', 'plugins/dcs-plugin-*/src/**/*.ts'], { cwd: ROOT }).map((file) => ({
  file,
  text: readFileSync(join(ROOT, file), 'utf8'),
}));
const { packages } = (await import('../scripts/manifest.mjs' as string)) as { packages: readonly string[] };
const ids = packages.flatMap((folder) =>
  Object.keys((JSON.parse(readFileSync(join(ROOT, folder, 'oclif.manifest.json'), 'utf8')) as { commands: object }).commands),
);

/** The sentences in code marks that a table quotes from an error, with their section. */
const quoted = [...page.matchAll(/^## (.+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].flatMap(([, section, text]) =>
  [...text!.matchAll(/^\|(?: `\w+` \|)? `([^`]+)` \|/gm)].map(([, sentence]) => ({ section: section!, sentence: sentence! })),
);

/** In one source file, its fixed parts in this order. */
const said = (sentence: string): boolean => {
  const parts = sentence
    .split('…')
    .flatMap((part) => part.split('"'))
    .map((part) => part.replaceAll("\\'", "'").trim())
    .filter((part) => part.length > 2);
  return sources.some(({ text }) => {
    let at = 0;
    return parts.every((part) => (at = text.replaceAll("\\'", "'").indexOf(part, at)) !== -1);
  });
};

describe('docs/troubleshooting.md', () => {
  it('has every code, with its exit code', () => {
    for (const [code, exit] of Object.entries(EXIT)) expect(page).to.match(new RegExp(`^## ${code}\\n\\nExit ${exit}\\.`, 'm'));
  });

  it('has every guard', () => {
    for (const guard of GUARDS) expect(page).to.match(new RegExp(`^\\| \`${guard}\` \\| `, 'm'));
  });

  it('quotes what dcs really says', () => {
    // oclif's own words.
    const ours = quoted.filter(({ sentence }) => !sentence.startsWith('Nonexistent') && sentence !== '[redacted]');
    expect(ours.length).to.be.above(90);
    expect(ours.filter(({ sentence }) => !said(sentence)).map(({ section, sentence }) => `${section}: ${sentence}`)).to.deep.equal([]);
    expect(said('No … ever said … this.')).to.equal(false);
  });
});

describe('what errors point at', () => {
  /** The words after `dcs` in hints. */
  const named = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/hint:\s*(\[[^\]]*\]|[^\n]*)/g)].flatMap(([, hint]) =>
      [...hint!.matchAll(/['`]dcs ([a-z][a-z -]*)/g)].map(([, words]) => ({ file, words: words!.trim() })),
    ),
  );

  it('is a command that exists', () => {
    expect(named.length).to.be.above(60);
    const known = ({ words }: { words: string }): boolean => {
      const all = words.split(' ');
      return all.some((_, index) => ids.includes(all.slice(0, index + 1).join(':'))) || ids.some((id) => id.startsWith(`${all[0]}:`));
    };
    expect(named.filter((one) => !known(one)).map(({ file, words }) => `${file}: dcs ${words}`)).to.deep.equal([]);
  });

  it('is a page that exists', () => {
    const pages = sources.flatMap(({ file, text }) => [...text.matchAll(/\bdocs\/[\w/-]+\.md/g)].map(([path]) => ({ file, path })));
    expect(pages.length).to.be.above(5);
    expect(pages.filter(({ path }) => !existsSync(join(ROOT, path)))).to.deep.equal([]);
  });
});
