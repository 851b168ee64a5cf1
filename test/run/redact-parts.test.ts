import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { isDcsError, Secret } from 'dcs-sdk';
import { Automaton } from '../../src/run/redact/automaton.ts';
import { follow, MAX_SEQUENCE, type Place } from '../../src/run/redact/escapes.ts';
import { formsOf, textsOf } from '../../src/run/redact/forms.ts';
import { compileMatcher, redactStream, skippedLine, workflowMasks, type Matcher } from '../../src/run/redact/matcher.ts';
import { redactor } from '../../src/run/redact/redactor.ts';

const secrets = (...values: string[]): Map<string, Secret> => new Map(values.map((value, at) => [`NAME_${at}`, new Secret(value)]));
const matcher = (...values: string[]): Matcher => compileMatcher(secrets(...values));
const FORMS = new URL('redact-forms.json', import.meta.url);

describe('the forms of a value', () => {
  // Every one of them was read once by a person; `UPDATE_FORMS=1` writes them anew.
  const known = JSON.parse(readFileSync(FORMS, 'utf8')) as Record<string, string[]>;
  const made = (value: string): string[] => [...formsOf(value)].map((form) => form.toString()).toSorted();
  if (process.env['UPDATE_FORMS'])
    writeFileSync(FORMS, `${JSON.stringify(Object.fromEntries(Object.keys(known).map((value) => [value, made(value)])), undefined, 2)}\n`);
  for (const [value, forms] of Object.entries(known))
    it(`are all that are known, and no other: ${JSON.stringify(value).slice(0, 60)}`, () => {
      expect(made(value)).to.deep.equal(forms);
    });

  it('are those that zsh writes of bytes above 127, where the lower half of one is a blank', () => {
    expect(made('voil\u00e0\u0001')).to.include('voil\\M-C\\M- \\C-A');
  });

  for (const [shell, locale] of ['bash', 'zsh', 'dash'].flatMap((name) => ['C', 'C.UTF-8'].map((one) => [name, one] as const)))
    it(`are those that ${shell} exports in the locale ${locale}`, function () {
      if (spawnSync(shell, ['-c', 'true']).status !== 0) return this.skip();
      const X = `\u00e9"' \u00c4\u00df\u20ac\u{1f511} \\ \u001b\u0001\u007f\tx \u00ff`;
      const { stdout } = spawnSync(shell, ['-c', 'export -p'], { env: { PATH: process.env['PATH'], LC_ALL: locale, X } });
      const stream = matcher(X).stream();
      const masked = Buffer.concat([stream.push(stdout), stream.end()]).toString();
      expect(masked.split('\n').find((line) => line.includes(' X='))).to.match(/ X=[$'"]*\[redacted\]['"]*$/);
    });

  it('are none under 3 bytes', () => {
    expect(made('')).to.deep.equal([]);
    expect(made('ab').every((form) => form.length >= 3)).to.equal(true);
  });

  it('of half a character are those of what a program writes for it', () => {
    expect(made('half \ud800 of it')).to.include('half \ufffd of it');
  });

  it('take lines of six characters and more, and ends of lines of both kinds', () => {
    expect([...textsOf(' 12345\n 123456 \r\nend of it')]).to.deep.equal([
      ' 12345\n 123456 \r\nend of it',
      '12345\n 123456 \r\nend of it',
      ' 12345\r\n 123456 \r\nend of it',
      ' 12345\n 123456 \nend of it',
      '123456',
      'end of it',
    ]);
    expect([...textsOf('one\rcarriage')]).to.deep.equal(['one\rcarriage', 'one\rcarriage', 'one\rcarriage', 'one\rcarriage', 'carriage']);
    expect([...textsOf('one line')]).to.deep.equal(['one line', 'one line']);
  });
});

describe('the place in a control sequence', () => {
  const after = (text: string): Place => [...Buffer.from(text, 'latin1')].reduce<Place>((place, byte) => follow(place, byte), 'text');
  const places: readonly (readonly [text: string, place: Place])[] = [
    ['a', 'text'],
    ['[', 'text'],
    ['\x1b', 'escape'],
    ['\x1b\x1b', 'escape'],
    ['\x1bc', 'text'],
    ['\x1b\x1f', 'text'],
    ['\x1b ', 'escape'],
    ['\x1b/', 'escape'],
    ['\x1b0', 'text'],
    ['\x1b(B', 'text'],
    ['\x1b[', 'csi'],
    ['\x1b[ ', 'csi'],
    ['\x1b[1;?', 'csi'],
    ['\x1b[1m', 'text'],
    ['\x1b[@', 'text'],
    ['\x1b[\x1f', 'text'],
    ['\x1b[1\x1b', 'escape'],
    ['\x1b]', 'string'],
    ['\x1bP', 'string'],
    ['\x1bX', 'string'],
    ['\x1b^', 'string'],
    ['\x1b_', 'string'],
    ['\x1b]0;title', 'string'],
    ['\x1b]0;title\x07', 'text'],
    ['\x1b]0;title\x1b', 'escape'],
    ['\x1b]0;title\x1b\\', 'text'],
    ['\x1b]0;title\x1b[', 'csi'],
    ['\x1b]0;title\x1b\x1b', 'escape'],
    ['\x1b]0;title\x1bA', 'text'],
  ];
  for (const [text, place] of places)
    it(`${JSON.stringify(text)}: ${place}`, () => {
      expect(after(text)).to.equal(place);
    });
});

describe('the automaton', () => {
  const ends = (automaton: Automaton, text: string): [number, number][] => {
    const found: [number, number][] = [];
    automaton.scan(Buffer.from(text), 0, text.length, 0, (end, length) => found.push([end, length]));
    return found;
  };

  it('takes as many states as it may, and not one more', () => {
    // The root is one of them.
    expect(() => new Automaton([Buffer.from('abcdef')], 7)).to.not.throw();
    expect(() => new Automaton([Buffer.from('abcdef')], 6)).to.throw(/too many or too long to mask/);
    try {
      void new Automaton([Buffer.from('abcdef')], 6);
    } catch (error) {
      expect(isDcsError(error) && error.code).to.equal('REFUSED');
    }
  });

  it('counts the memory that it takes', () => {
    // A bit for every beginning of three bytes, 1,024 slots of two numbers, and 14 bytes a state.
    expect(new Automaton([Buffer.from('abcdef')]).bytes).to.equal(2 ** 18 + 1024 * 8 + 7 * 14);
  });

  it('finds patterns of one stem, one in another, and one that begins where another ends', () => {
    const automaton = new Automaton(['abcd', 'abce', 'bcd', 'abc', 'ceab'].map((one) => Buffer.from(one)));
    expect(ends(automaton, 'xabcd abceab')).to.deep.equal([
      [4, 3],
      [5, 4],
      [9, 3],
      [10, 4],
      [12, 4],
    ]);
  });

  it('goes on in the next chunk where another pattern ended in the one before', () => {
    const automaton = new Automaton([Buffer.from('zaQ'), Buffer.from('abcd')]);
    const state = automaton.scan(Buffer.from('za'), 0, 2, 0, () => expect.fail());
    const found: number[] = [];
    automaton.scan(Buffer.from('bcd'), 0, 3, state, (end, length) => found.push(end, length));
    expect(found).to.deep.equal([3, 4]);
  });

  it('finds nothing of its own numbers in the text', () => {
    const automaton = new Automaton(['abc', 'xyz', '\0ef'].map((one) => Buffer.from(one)));
    // State 4, behind the end of abc, begins xyz.
    for (const byte of ['\0', '\u0001', '\u00ff']) expect(ends(automaton, `abc${byte}yz`)).to.deep.equal([[3, 3]]);
    expect(redactor(automaton).push(Buffer.from('ef and more')).toString()).to.equal('ef and more');
  });

  it('makes room for branches once its table is half full', () => {
    const bytes = (count: number): number =>
      new Automaton(Array.from({ length: count + 1 }, (_, at) => Buffer.from([at >> 8, at & 255, 1]))).bytes;
    const states = (count: number): number => 1 + Math.ceil((count + 1) / 256) + 2 * (count + 1);
    // Of every state but the first child of each.
    expect(bytes(512)).to.equal(2 ** 18 + 1024 * 8 + states(512) * 14);
    expect(bytes(513)).to.equal(2 ** 18 + 2048 * 8 + states(513) * 14);
  });

  it('knows more patterns, and longer ones, than it began with room for', () => {
    const patterns = Array.from({ length: 700 }, (_, at) => Buffer.from([(at >> 4) ^ 1, (at & 15) ^ 1, 255]));
    const long = Buffer.alloc(9000, 'ab');
    const automaton = new Automaton([...patterns, long, Buffer.from('bbb')]);
    for (const [at, pattern] of patterns.entries()) {
      const found: number[] = [];
      automaton.scan(Buffer.concat([Buffer.from([250, 250]), pattern]), 0, 5, 0, (_, length) => found.push(length));
      expect(found, `${at}`).to.deep.equal([3]);
    }
    expect(ends(automaton, `b${long.toString()}bb`)).to.deep.equal([
      [9001, 9000],
      [9003, 3],
    ]);
    expect(automaton.bytes).to.equal(2 ** 18 + 2048 * 8 + (1 + 44 + 700 + 700 + 9000 + 3) * 14);
  });

  it('knows how many of the last bytes it stands on', () => {
    const automaton = new Automaton([Buffer.from('abcabd')]);
    const state = (text: string): number => automaton.scan(Buffer.from(text), 0, text.length, 0, () => undefined);
    expect(['', 'x', 'ab', 'abcab', 'abcabc', 'abcabd'].map((text) => automaton.depth(state(text)))).to.deep.equal([0, 0, 2, 5, 3, 6]);
    // A whole pattern waits for nothing.
    expect(['x', 'ab', 'abcab', 'abcabc', 'abcabd'].map((text) => automaton.pending(state(text)))).to.deep.equal([0, 2, 5, 3, 0]);
  });
});

describe('the stream', () => {
  it('masks a value that follows another, and one between sequences that come in parts', () => {
    const stream = redactor(new Automaton([Buffer.from('secret'), Buffer.from('tail')]));
    const out = ['a sec', 'rettail b\u001b', '[1', 'm s\u001b[0', 'mecr', 'et \u001b]0;x', '\u0007end'].map((text) =>
      stream.push(Buffer.from(text)).toString(),
    );
    expect(out.join('') + stream.end().toString()).to.equal(`a [redacted][redacted] b\u001b[1m [redacted] \u001b]0;x\u0007end`);
  });

  it('shows a mask as soon as a value is whole, also where a longer one may begin as it does', () => {
    const stream = redactor(new Automaton([Buffer.from('abc'), Buffer.from('abcdef')]));
    expect(stream.push(Buffer.from('x abc')).toString()).to.equal('x [redacted]');
    expect(stream.push(Buffer.from('def.')).toString()).to.equal('.');
    expect(stream.push(Buffer.from('abc!')).toString()).to.equal('[redacted]!');
  });

  it('after a sequence it finds the next value as before', () => {
    const stream = redactor(new Automaton([Buffer.from('secret')]));
    const out = stream.push(Buffer.from('\u001b[1mx\u001b[0m secret secret')).toString();
    expect(out).to.equal(`\u001b[1mx\u001b[0m [redacted] [redacted]`);
    expect(stream.push(Buffer.from(' secret')).toString()).to.equal(` [redacted]`);
    expect(stream.end().toString()).to.equal('');
  });

  it('keeps a value in sight over the longest sequence there is, and no longer', () => {
    const through = (text: string): string => {
      const stream = redactor(new Automaton([Buffer.from('secret')]));
      return stream.push(Buffer.from(text)).toString() + stream.end().toString();
    };
    const sequence = (length: number): string => `\u001b]${'x'.repeat(length - 3)}\u0007`;
    expect(through(`sec${sequence(MAX_SEQUENCE)}ret.`)).to.equal(`[redacted].`);
    expect(through(`sec${sequence(MAX_SEQUENCE + 1)}ret.`)).to.equal(`sec${sequence(MAX_SEQUENCE + 1)}ret.`);
    expect(through(`sec${sequence(MAX_SEQUENCE + 1)}ret. sec\u001b[0mret`)).to.contain(`. [redacted]`);
  });

  it('is part of a pipeline', async () => {
    const out: Buffer[] = [];
    await pipeline(
      Readable.from([Buffer.from('a sec'), Buffer.from('ret sec')]),
      redactStream(matcher('secret').stream()),
      async (from) => {
        for await (const chunk of from) out.push(chunk as Buffer);
      },
    );
    expect(Buffer.concat(out).toString()).to.equal('a [redacted] sec');
  });
});

describe('which values are masked', () => {
  it('those of three characters and more, without the white space around them', () => {
    expect(matcher('ab', 'abc', ' ab ', '🔑🔑', '🔑🔑🔑', '').skipped).to.deep.equal(['NAME_0', 'NAME_2', 'NAME_3', 'NAME_5']);
    expect(skippedLine({ skipped: [] })).to.equal(undefined);
    expect(skippedLine({ skipped: ['A', 'B'] })).to.match(/^! A, B not masked/);
    expect(matcher('abc').bytes).to.be.greaterThan(0);
  });

  it("are told to GitHub's runner line by line, in its own escapes, each once", () => {
    const { lines, skipped } = workflowMasks(secrets('100%\r\nsecond line', 'ab', '100%\r\nsecond line'));
    expect(lines).to.deep.equal(['::add-mask::100%25%0D%0Asecond line', '::add-mask::100%25%0Asecond line', '::add-mask::second line']);
    expect(skipped).to.deep.equal(['NAME_1']);
  });
});
