import { expect } from 'chai';
import { fenced, logLine, word } from '../../plugins/dcs-plugin-automation/src/ci/markdown.ts';
import { entryLines, planEntries, without } from '../../plugins/dcs-plugin-automation/src/ci/plan.ts';
import { repositoryOf } from '../../plugins/dcs-plugin-automation/src/ci/repository.ts';

describe('text of others in comments and logs', () => {
  it('stays inside its fence, whatever it holds', () => {
    const evil = ['```', '````` @everyone <img src=x onerror=1>', 'a\n```\n# heading', '<!-- dcs:plan:prod -->', 'a\u202Eb\u0000c\r\nd'];
    const text = fenced(evil);
    const lines = text.split('\n');
    const fence = /^(`+)text$/.exec(lines[0]!)![1]!;
    expect(fence.length).to.equal(6);
    expect(lines.at(-1)).to.equal(fence);
    expect(lines).to.have.length(evil.length + 2);
    expect(lines.slice(1, -1).filter((line) => line.includes(fence))).to.deep.equal([]);
    for (const character of ['\u0000', '\r', '\u202E']) expect(text).to.not.contain(character);
  });

  it('fits into a comment and says what it left out', () => {
    const text = fenced(Array.from({ length: 10_000 }, (_, index) => `NAME_${index}_${'x'.repeat(200)}`));
    expect(text.length).to.be.below(32_000);
    expect(text).to.match(/\.\.\. and \d+ more/);
  });

  it('is no command of a runner', () => {
    expect(logLine('::add-mask::x')).to.not.contain('::');
    expect(logLine('a\n::set-env name=X::y')).to.not.match(/^::|\n/);
    expect(logLine('##[command]rm')).to.not.contain('##[');
    expect(logLine('plain: words')).to.equal('plain: words');
  });

  it('ends no mark', () => {
    expect(word('prod --><script>')).to.match(/^[\w.-]+$/);
  });
});

describe('the plan that a change alters', () => {
  const target = (more: object) => ({
    target: 'api',
    title: 'Worker a',
    identity: 'acc/a',
    changes: [],
    withheld: [],
    guards: [],
    ...more,
  });
  const entries = (...targets: object[]) => planEntries({ targets });

  it('is altered by a name, an action, a reason, a guard, and by another account under the same title', () => {
    const before = entries(target({ changes: [{ name: 'A', action: 'create', reason: 'new' }] }));
    expect(without(before, before)).to.deep.equal([]);
    for (const other of [
      target({ changes: [{ name: 'B', action: 'create', reason: 'new' }] }),
      target({ changes: [{ name: 'A', action: 'update', reason: 'new' }] }),
      target({ changes: [{ name: 'A', action: 'create', reason: 'new' }], guards: [{ guard: 'delete', names: ['X'] }] }),
      target({ changes: [{ name: 'A', action: 'create', reason: 'new' }], identity: 'other/a' }),
    ])
      expect(without(entries(other), before)).to.have.length(1);
  });

  it('names or counts', () => {
    const plan = entries(
      target({
        changes: ['A', 'B'].map((name) => ({ name, action: 'create', reason: 'new' })),
        guards: [{ guard: 'adopt', names: ['A'] }],
      }),
    );
    expect(entryLines(plan, 'list').join('\n')).to.contain('api  + create   A  (new)');
    expect(entryLines(plan, 'count')).to.deep.equal(['api  = target   1', 'api  + create   2', 'api  ! guard    1']);
  });
});

describe('where a repository lies', () => {
  const table = [
    ['git@github.com:acme/shop.git', 'github.com', 'acme/shop'],
    ['https://github.com/acme/shop', 'github.com', 'acme/shop'],
    ['https://user:pass@gitlab.example.com:8443/a/b/c.git', 'gitlab.example.com', 'a/b/c'],
    ['ssh://git@gitlab.example.com:22/a/b.git', 'gitlab.example.com', 'a/b'],
  ] as const;
  for (const [url, host, path] of table) it(url.replace('user:pass@', ''), () => expect(repositoryOf(url)).to.deep.equal({ host, path }));
  it('is unknown without a remote, and for a folder', () => {
    for (const url of ['', '/srv/git/shop.git', '../shop', "https://x/a';$(touch y)/b"]) expect(repositoryOf(url), url).to.equal(undefined);
  });
});
