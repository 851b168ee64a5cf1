import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { evidence } from '../evidence/evidence.ts';
import { measured, page, percent, unused } from './page.mjs';

interface Survivor {
  readonly file: string;
  readonly line: number;
  readonly why?: string;
}

interface Room {
  readonly name: string;
  readonly least: number;
  readonly mutants?: number;
  readonly killed?: number;
  readonly same?: number;
  readonly seconds?: number;
  readonly survivors?: readonly Survivor[];
}

describe('mutation testing', () => {
  const rooms = measured() as Room[];

  it('has a page that says what was measured', () => {
    expect(readFileSync('docs/mutation.md', 'utf8')).to.equal(page());
  });

  it('says of each mutant that no test notices why, and of no other', () => {
    const open = rooms.flatMap(({ survivors = [] }) => survivors).filter(({ why }) => why === undefined);
    expect(open.map(({ file, line }) => `${file}:${line}`)).to.deep.equal([]);
    expect(unused()).to.deep.equal([]);
  });

  it('is told as evidence', () => {
    const known = rooms.filter((room): room is Required<Room> => room.mutants !== undefined);
    const sum = (key: 'mutants' | 'killed' | 'same' | 'seconds'): number => known.reduce((all, room) => all + room[key], 0);
    const missing = rooms.filter(({ mutants }) => mutants === undefined).map(({ name }) => name);
    const below = known.filter(({ killed, mutants, same, least }) => 100 * killed < least * (mutants - same)).map(({ name }) => name);
    const notes = [
      ...(missing.length > 0 ? [`not measured: ${missing.join(', ')}`] : []),
      ...(below.length > 0 ? [`below its target: ${below.join(', ')}`] : []),
      `of all mutants, with the ${sum('same')} that do the same: ${known.map((room) => `${room.name} ${percent(room)} %`).join(', ')}; each of these has its reason in docs/mutation.md`,
    ];
    evidence(37, {
      figure: `${sum('mutants').toLocaleString('en')} mutants; of those that do something else are noticed: ${known.map((room) => `${room.name} ${percent(room, room.same)} %`).join(', ')}`,
      met: missing.length === 0 && below.length === 0,
      note: notes.join('; '),
      seconds: sum('seconds'),
      planted: sum('mutants') - sum('same'),
      caught: sum('killed'),
    });
  });
});
