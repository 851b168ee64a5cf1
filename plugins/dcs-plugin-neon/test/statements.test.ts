import { expect } from 'chai';
import fc from 'fast-check';
import { statements } from '../src/migrate/statements.ts';

const split = (text: string): string[] => statements(text).map(({ sql }) => sql);

describe('statements: a file as psql would send it', () => {
  const whole = [
    `SELECT 'a;b', "c;d", 'it''s;', E'\\';', e'\\\\', U&'\\0041;', B'01'`,
    `SELECT $$ ; $$, $body$ ; $$ ; $body$, $1`,
    `SELECT a$b$c, 1$x, ';' FROM t`,
    `SELECT 1 /* ; /* ; */ ; */ + 2 -- ; '`,
    `CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))`,
    `CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END`,
    `CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN 1; END $f$`,
    `CREATE TABLE "begin" (id int, "end" text DEFAULT ';')`,
    `SELECT CASE WHEN 1 = 1 THEN ';' END`,
  ];
  for (const sql of whole)
    it(`leaves whole: ${sql}`, () => {
      const comment = sql.indexOf(' -- ');
      const end = comment === -1 ? '' : '\n';
      expect(split(`${sql}${end};SELECT 2`)).to.deep.equal([sql, 'SELECT 2']);
      expect(split(`SELECT 0;\n${sql}`).length).to.equal(2);
    });

  it('knows where each begins, and leaves out what is none', () => {
    expect(statements('-- é\n;;\n  /* x */ SELECT 1;;\n\n\tDROP TABLE "ü;" ; -- end\n')).to.deep.equal([
      { sql: 'SELECT 1', line: 3, column: 11, words: ['SELECT'] },
      { sql: 'DROP TABLE "ü;"', line: 5, column: 2, words: ['DROP', 'TABLE'] },
    ]);
    expect(split('')).to.deep.equal([]);
    expect(split('-- only a comment')).to.deep.equal([]);
  });

  it('separates any sequence of them', () => {
    const closed = whole.filter((sql) => !sql.includes(' -- '));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...closed), { maxLength: 6 }), (list) => {
        expect(split(list.join(' ;/* ; */\n'))).to.deep.equal(list);
      }),
    );
  });

  it('gives what has no end to PostgreSQL as it is', () => {
    for (const sql of [`SELECT 'a; SELECT 2`, 'SELECT "a; b', 'SELECT $x$ a; b', 'SELECT 1 /* a; b', 'SELECT (1; SELECT 2', `SELECT E'\\`])
      expect(split(sql)).to.deep.equal([sql]);
  });

  it('takes its time by the length of the file', () => {
    const began = performance.now();
    expect(split(`INSERT INTO t VALUES ('${'x'.repeat(50)}');\n`.repeat(20_000))).to.have.length(20_000);
    expect(split(`SELECT '${`it''s `.repeat(300_000)}'`)).to.have.length(1);
    expect(performance.now() - began).to.be.below(5000);
  });
});
