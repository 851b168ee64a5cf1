import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from '../src/config/document.ts';
import { makeProject } from '../src/config/project.ts';
import { configSchema } from '../src/config/schema.ts';
import { userSchema } from '../src/config/user-schema.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Relative links of a Markdown text that lead nowhere. Fenced blocks and inline code are no links. */
function broken(file: string, text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map((match) => (match[1] ?? match[2])!);
  return links
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : resolve(dirname(file), decodeURIComponent(path));
      if (path !== '' && !existsSync(target)) return true;
      return (
        anchor !== undefined &&
        anchor !== '' &&
        target.endsWith('.md') &&
        !anchors(target === file ? text : readFileSync(target, 'utf8')).has(anchor)
      );
    });
}

/** As GitHub makes them from headings. */
function anchors(text: string): Set<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6}\s+(.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the documents', () => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    ...globSync(['docs/**/*.md', 'examples/*/README.md', 'plugins/*/README.md', 'runtime/README.md'], {
      cwd: ROOT,
      exclude: ['**/node_modules/**'],
    }),
  ];

  for (const file of files.filter((one) => existsSync(join(ROOT, one))))
    it(`${file}: every relative link leads somewhere`, () => {
      expect(broken(join(ROOT, file), read(file))).to.deep.equal([]);
    });

  it('notices a link into nothing, in a file and to a heading', () => {
    const text = '# One\n[a](gone.md) [b](README.md#no-such-heading) [c](#one) [d](https://example.com) `[e](code.md)`\n';
    expect(broken(join(ROOT, 'x.md'), text)).to.deep.equal(['gone.md', 'README.md#no-such-heading']);
  });

  it('docs/README.md leads to every page (a new one? a line there)', () => {
    const index = read('docs/README.md');
    const pages = globSync(['docs/*.md', 'docs/{targets,migrating,api}/*.md'], { cwd: ROOT }).map((file) => file.replace('docs/', ''));
    expect(pages.filter((page) => page !== 'README.md' && !index.includes(`](${page}`))).to.deep.equal([]);
  });

  const blocks = [...read('docs/configuration.md').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => match[1]!);

  it('docs/configuration.md has yaml to check', () => {
    expect(blocks).to.have.length.above(0);
  });

  for (const [index, block] of blocks.entries())
    it(`docs/configuration.md: yaml block ${index + 1} loads`, () => {
      if (/^identities:/m.test(block)) return void parse(block, 'config.yaml', userSchema);
      const project = makeProject(parse(block, 'configuration.md', configSchema), {}, { file: 'configuration.md', root: ROOT });
      for (const target of project.targets.values()) for (const environment of target.environments) target.optionsFor(environment);
    });
});

describe('docs/glossary.md', () => {
  /** Words for things that dcs-sdk has no type of: a file of ours, a shape of the engine. */
  const NO_TYPE = new Set(['Member', 'Record', 'History', 'Ledger']);
  const terms = [...read('docs/glossary.md').matchAll(/^\| ([A-Z]\w+) \|/gm)].map((match) => match[1]!);
  const exported = new Set(
    [...read('sdk/src/index.ts').matchAll(/^export\b[^{]*\{([^}]*)\}/gm)].flatMap((match) =>
      match[1]!.split(',').map((word) => word.trim().replace(/^type\s+/, '')),
    ),
  );

  it('names the types that dcs-sdk exports', () => {
    expect(terms).to.include.members([
      'Secret',
      'Source',
      'Target',
      'Entry',
      'Listing',
      'Plan',
      'Policy',
      'Guard',
      'Environment',
      'Outcome',
      'Effect',
      'Identity',
      'Host',
    ]);
    expect(terms.filter((term) => !NO_TYPE.has(term) && !exported.has(term))).to.deep.equal([]);
  });
});
