import { expect } from 'chai';
import { parseDocument } from '../../src/into/documents.ts';

const read = (text: string, format: 'json' | 'yaml'): Record<string, string> =>
  Object.fromEntries(parseDocument(text, 'f', format).map(({ name, secret }) => [name, secret.reveal()]));
const problem = (text: string, format: 'json' | 'yaml'): string => {
  try {
    parseDocument(text, 'f', format);
  } catch (error) {
    const { message, details } = error as Error & { details: { why?: string } };
    return `${message} ${details.why ?? ''}`;
  }
  throw new Error('expected a problem');
};

describe('JSON and YAML on their way into Doppler', () => {
  it('takes a flat map of texts', () => {
    const values = { A: 'x', B: 'line\nline "q" \\ \u0001 🔑 ${X}', C: '', __proto: 'p' };
    expect(read(JSON.stringify(values), 'json')).to.deep.equal(values);
    expect(read(JSON.stringify(values, undefined, '\t'), 'json')).to.deep.equal(values);
    expect(parseDocument('{"__proto__": "x"}', 'f', 'json').map(({ name }) => name)).to.deep.equal(['__proto__']);
  });

  it('takes plain YAML as it is written, block texts and comments too', () => {
    const text = "PORT: 3000\nOCT: 0o17\nON: yes # a comment\nNONE: ~\nKEY: |\n  a\n  b\nQ: 'it''s'\n";
    expect(read(text, 'yaml')).to.deep.equal({ PORT: '3000', OCT: '0o17', ON: 'yes', NONE: '', KEY: 'a\nb\n', Q: "it's" });
    expect(parseDocument(text, 'f', 'yaml').map(({ at }) => at)).to.include.members(['f:1', 'f:5', 'f:8']);
  });

  for (const [what, text, format, says] of [
    ['a map inside', '{"A": "1",\n "DB": {"HOST": "hunter2"}}', 'json', 'f:2: DB.HOST is a map'],
    ['a list inside', 'L: [hunter2]', 'yaml', 'f:1: L is a list'],
    ['a number in JSON', '{"PORT": 3000}', 'json', 'PORT is a number'],
    ['null in JSON', '{"X": null}', 'json', 'X is null'],
    ['a list outside', '["hunter2"]', 'json', 'must be one map'],
    ['a text alone', 'hunter2', 'yaml', 'must be one map'],
    ['an alias', 'A: &a hunter2\nB: *a', 'yaml', 'f:2: B is an alias'],
    ['a name that stands twice', '{"A": "hunter1",\n"A": "hunter2"}', 'json', 'f:2'],
    ['broken JSON', '{"A": "x",\n hunter2}', 'json', 'f:2: this is not JSON'],
    ['YAML in a JSON file', 'A: hunter2', 'json', 'this is not JSON'],
    ['broken YAML', 'A: "hunter2\n', 'yaml', 'f:'],
    ['a tag', 'A: !secret hunter2', 'yaml', 'f:1'],
    ['two documents', 'A: hunter2\n---\nB: hunter2', 'yaml', 'f:2'],
  ] as const)
    it(`refuses ${what}, with its place and never its value`, () => {
      const said = problem(text, format);
      expect(said).to.contain(says);
      expect(said).not.to.contain('hunter');
    });
});
