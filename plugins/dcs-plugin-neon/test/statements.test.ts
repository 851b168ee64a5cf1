import { expect } from 'chai';
import fc from 'fast-check';
import { lineAt, statementsOf, touchesTransaction } from '../src/migrate/statements.ts';

const texts = (sql: string): string[] => statementsOf(sql).map(({ text }) => text);

describe('the statements of an SQL file', () => {
  const whole = [
    "select 'a;b', 'it''s; fine'",
    String.raw`select E'\';', e'a\\'`,
    'select "a;b"',
    'do $$ begin perform 1; end $$',
    'do $body$ begin perform $$;$$; end $body$',
    'select 1 /* a; /* nested; */ b; */ + 1',
    'select 1 -- ; not here\n+ 1',
    'create function f() returns int begin atomic select 1; select case when true then 1 end; end',
    'select a$b$c, 1',
  ];
  for (const sql of whole) it(`keeps in one piece: ${sql.replaceAll('\n', ' ')}`, () => expect(texts(`${sql};`)).to.deep.equal([sql]));

  it('knows where each begins, and takes comments for none', () => {
    const sql = '-- one\n\nselect 1;\n/* two; */\n  select 2;\n-- end\n';
    expect(statementsOf(sql).map(({ text, offset }) => [text, lineAt(sql, offset)])).to.deep.equal([
      ['select 1', 3],
      ['select 2', 5],
    ]);
  });

  it('separates any sequence of them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...whole), { maxLength: 6 }), (list) => {
        expect(texts(list.join(';\n'))).to.deep.equal(list);
      }),
    );
  });

  it('sees what ends a transaction, and no savepoint', () => {
    const touching = ['BEGIN', 'commit', 'end', 'ROLLBACK', 'start transaction', 'abort', "prepare transaction 'x'"];
    const fine = ['rollback to a', 'rollback work to savepoint a', 'savepoint a', 'create table begins (id int)', 'release a'];
    expect(touching.map((text) => touchesTransaction({ text, offset: 0 }))).to.deep.equal(touching.map(() => true));
    expect(fine.map((text) => touchesTransaction({ text, offset: 0 }))).to.deep.equal(fine.map(() => false));
  });
});
