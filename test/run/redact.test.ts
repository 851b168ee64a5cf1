import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import { Automaton } from '../../src/run/redact/automaton.ts';
import { compileMatcher } from '../../src/run/redact/matcher.ts';
import { ALPHABETS, leaks, makeCase, matcher, random, through, type Case } from './redact-cases.ts';

const bytes = (text: string): Uint8Array[] => [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
const masked = (text: string, ...values: string[]): string => {
  const compiled = matcher(...values);
  const whole = through(compiled.stream(), [Buffer.from(text)]);
  expect(through(compiled.stream(), bytes(text)), 'byte by byte').to.equal(whole);
  return Buffer.from(whole, 'latin1').toString();
};

const CASES = Number(process.env['REDACT_CASES'] ?? 4000);

const ours = ({ values, cuts }: Case): string => through(matcher(...values).stream(), cuts);

describe('the redactor', () => {
  it('lets nothing through: generated values, forms, surroundings and chunks', function () {
    this.timeout(300_000);
    expect(leaks(CASES, ours)).to.deep.equal([]);
  });

  it('the cases notice a matcher without carry-over, one without forms and one without alignments', () => {
    const chunkwise = ({ values, cuts }: Case): string => cuts.map((cut) => through(matcher(...values).stream(), [cut])).join('');
    const rawOnly = ({ values, text }: Case): string =>
      values.reduce((out, value) => out.replaceAll(Buffer.from(value).toString('latin1'), '*'), text.toString('latin1'));
    const oneAlignment = (one: Case): string =>
      one.values.reduce((out, value) => out.replaceAll(Buffer.from(value).toString('base64'), '*'), rawOnly(one));
    for (const mutant of [chunkwise, rawOnly, oneAlignment]) expect(leaks(300, mutant)).to.have.length.above(20);
  });

  it('passes on what holds no value byte for byte, whatever the chunks', () => {
    for (let seed = 1; seed <= Math.min(CASES, 500); seed++) {
      const { cuts, text } = makeCase(seed);
      expect(through(matcher('ZZZZ-never-there', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaZ').stream(), cuts)).to.equal(
        text.toString('latin1'),
      );
    }
    const every = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 31 + (at >> 8)) & 255));
    expect(through(matcher('secret-value').stream(), [every])).to.equal(every.toString('latin1'));
  });

  it('makes one mask of values that overlap, one for each that stands alone', () => {
    expect(masked('x abcdefgh y', 'abcdef', 'defgh')).to.equal('x [redacted] y');
    expect(masked('x abcdef abc y', 'abc', 'abcdef')).to.equal('x [redacted] [redacted] y');
    expect(masked('abcdX', 'bcd', 'abcde')).to.equal('a[redacted]X');
    expect(masked('abcabc', 'abc')).to.equal('[redacted][redacted]');
    expect(masked('aaaaaaa', 'aaa')).to.equal('[redacted]');
  });

  it('agrees with a search at every place, on texts of few letters', () => {
    for (let seed = 1; seed <= Math.min(CASES, 3000); seed++) {
      const pick = random(seed);
      const letters = (length: number): string => Array.from({ length }, () => 'abc'[pick(3)]!).join('');
      const patterns = Array.from({ length: 1 + pick(6) }, () => letters(3 + pick(5)));
      const text = letters(60);
      const automaton = new Automaton(patterns.map((one) => Buffer.from(one)));
      const ends = new Map<number, number>();
      const cut = pick(60);
      const [first, second] = [Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))];
      const state = automaton.scan(first, 0, cut, 0, (end, length) => ends.set(end, length));
      automaton.scan(second, 0, 60 - cut, state, (end, length) => ends.set(cut + end, length));
      const expected = new Map<number, number>();
      for (let end = 1; end <= 60; end++)
        for (const one of patterns) if (text.slice(0, end).endsWith(one)) expected.set(end, Math.max(one.length, expected.get(end) ?? 0));
      expect([...ends], `seed ${seed}`).to.deep.equal([...expected]);
    }
  });

  it('holds back only what may begin a value, and lets it out at the end', () => {
    const stream = matcher('Zsecret-value').stream();
    const push = (text: string): string => stream.push(Buffer.from(text)).toString();
    expect(push('Password: ')).to.equal('Password: ');
    expect(push('x Zsecret')).to.equal('x ');
    expect(push('')).to.equal('');
    expect(push('!')).to.equal('Zsecret!');
    expect(push('Zsecret-value')).to.equal('[redacted]');
    expect(push('Zsec')).to.equal('');
    expect(stream.end().toString()).to.equal('Zsec');
  });

  it('finds a value with control sequences between its bytes, and in a window title', () => {
    expect(masked('a \u001b[1mhun\u001b[0;31mter2-\u001b[mpass\u001b[0m b', 'hunter2-pass')).to.equal('a \u001b[1m[redacted]\u001b[0m b');
    expect(masked('\u001b]0;hunter2-pass\u0007 b', 'hunter2-pass')).to.equal('\u001b]0;[redacted]\u0007 b');
    expect(masked('hunt\u001b]8;;https://x\u001b\\er2-pass', 'hunter2-pass')).to.equal('[redacted]');
    expect(masked('hunt\u001b[Ker\u001b', 'hunter2-pass')).to.equal('hunt\u001b[Ker\u001b');
  });

  it('finds it whatever and however much stands side by side between its bytes, and nowhere else', () => {
    expect(masked('x\u001b[0m\u001b[1msec\u001b[0m\u001b[1mret\u001b', 'secret')).to.equal('x\u001b[0m\u001b[1m[redacted]\u001b');
    expect(masked(`sec${'\u001b[0m'.repeat(1100)}ret`, 'secret')).to.equal('[redacted]');
    const title = '\u001b]0;sec\u001b\\ret';
    expect(masked(title, 'secret')).to.equal(title);
    // The first escape is neither at the beginning of the chunk nor at its end.
    expect(through(matcher('secret').stream(), [Buffer.from('s\u001b[1mecret')])).to.equal('[redacted]');
  });

  it('a sequence without end holds nothing back for ever', () => {
    const stream = matcher('hunter2-pass').stream();
    const out = stream.push(Buffer.from(`hunt\u001b]${'x '.repeat(3000)}`));
    expect(out.length).to.be.above(6000);
  });

  it('masks each line of a value, with CR LF, and leaves out names with a value too short', () => {
    const value = 'first-line-of-it\n}\nsecond-line-of-it\n';
    expect(masked('a second-line-of-it b } c', value)).to.equal('a [redacted] b } c');
    expect(masked('first-line-of-it\r\n}\r\nsecond-line-of-it\r\n.', value)).to.equal('[redacted].');
    const { skipped } = compileMatcher(
      new Map(
        [
          ['A', 'ab'],
          ['B', 'abc'],
          ['C', ' x \n'],
          ['D', ''],
        ].map(([name, text]) => [name!, new Secret(text!)]),
      ),
    );
    expect(skipped).to.deep.equal(['A', 'C', 'D']);
  });

  it("masks what bash's printf %q and declare -p make of it", () => {
    for (const value of [
      "it's $HOME `x` !a",
      'a,b;c|d&e',
      'two\nlines of "it"',
      'back\\slash{1}',
      '#hash ~tilde',
      'é ü 🔑 key',
      'esc\u001b[0m\tend',
    ]) {
      for (const line of ['printf %q "$V"', 'printf %s "${V@Q}"', 'V="$V"; declare -p V']) {
        const written = execFileSync('bash', ['--norc', '-c', line], { env: { V: value, LC_ALL: 'C.UTF-8' } }).toString();
        const out = masked(written.trimEnd(), value);
        expect(out.replace(/^declare (--|-x) V=/, ''), `${line} ${JSON.stringify(value)} -> ${written}`).to.match(
          /^[$'"\\]*\[redacted\][$'"]*$/,
        );
      }
    }
  });

  it('fails closed when the matcher would grow too large', () => {
    expect(() => new Automaton([Buffer.from('abcdef'), Buffer.from('ghijkl')], 10)).to.throw(/too many or too long to mask/);
  });

  it('200 secrets take under 64 MB', () => {
    const pick = random(7);
    const values = Array.from({ length: 200 }, (_, at) =>
      at < 20
        ? Array.from({ length: 27 }, () => Array.from({ length: 64 }, () => ALPHABETS[0]![pick(62)]!).join('')).join('\n')
        : Array.from({ length: 12 + pick(50) }, () => ALPHABETS[0]![pick(62)]!).join(''),
    );
    expect(matcher(...values).bytes).to.be.below(64 * 2 ** 20);
  });
});
