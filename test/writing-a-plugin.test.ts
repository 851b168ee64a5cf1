import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './e2e/world.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const page = read('docs/writing-a-plugin.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const { api } = (await import('../scripts/api.mjs' as string)) as { api: () => [name: string, text: string][] };
const exported = new Map(api()).get('dcs-sdk.md')!;

describe('docs/writing-a-plugin.md', () => {
  it('names files that a new plugin has', () => {
    const files = [...page.matchAll(/`((?:src|test)\/[\w./-]+\.ts|package\.json)`/g)].map(([, file]) =>
      file!.replaceAll('fly', 'template'),
    );
    // What only a plugin with an adapter has; what the workspace has.
    const others = new Set(['src/runtime.ts', 'src/adapter.ts']);
    expect(files.length).to.be.above(6);
    expect(files.filter((file) => !others.has(file) && !existsSync(join(ROOT, 'plugins/_template', file)))).to.deep.equal([]);
    for (const file of others) expect(existsSync(join(ROOT, 'plugins/dcs-plugin-cloudflare', file)), file).to.equal(true);
  });

  it('names scripts that the workspace has', () => {
    const named = [...page.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
    expect(named).to.include.members(['new:plugin', 'build', 'gen']);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).to.deep.equal([]);
  });

  it('names what dcs-sdk has: types, functions, and members of targets, listings and contexts', () => {
    for (const name of ['testTarget', 'oneByOne', 'AdapterDefinition', 'Secret', 'DcsError', 'World', 'Source', 'serverAdapter']) {
      expect(page, name).to.contain(name);
      expect(exported, name).to.match(new RegExp(`^### ${name}\n`, 'm'));
    }
    for (const member of [
      'identify',
      'list',
      'write',
      'undeployed',
      'redeploy',
      'birth',
      'trail',
      'mark',
      'locked',
      'nativeSyncs',
      'variables',
      'named',
    ]) {
      expect(page, member).to.match(new RegExp(`\\b${member}\\b`));
      expect(exported, member).to.match(new RegExp(`^\\s+(?:readonly )?${member}[?(:]`, 'm'));
    }
  });

  it('has the host that its example calls', () => {
    expect(page).to.contain('await host.sync(source, environment, {');
    const host = exported.slice(exported.indexOf('### Host\n'));
    for (const method of ['sync', 'environment']) expect(host).to.match(new RegExp(`^  ${method}\\(`, 'm'));
  });
});
