import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { evidence } from '../evidence/evidence.ts';
import { measured, page, percent } from './page.mjs';

interface Room {
  readonly name: string;
  readonly least: number;
  readonly mutants?: number;
  readonly killed?: number;
  readonly seconds?: number;
}

describe('mutation testing', () => {
  it('has a page that says what was measured', () => {
    expect(readFileSync('docs/mutation.md', 'utf8')).to.equal(page());
  });

  it('is told as evidence', () => {
    const rooms = measured() as Room[];
    const known = rooms.filter((room): room is Required<Room> => room.mutants !== undefined);
    const sum = (key: 'mutants' | 'killed' | 'seconds'): number => known.reduce((all, room) => all + room[key], 0);
    const missing = rooms.filter(({ mutants }) => mutants === undefined).map(({ name }) => name);
    const below = known.filter((room) => (100 * room.killed) / room.mutants < room.least).map(({ name }) => name);
    const notes = [
      ...(missing.length > 0 ? [`not measured: ${missing.join(', ')}`] : []),
      ...(below.length > 0 ? [`below its target: ${below.join(', ')}`] : []),
    ];
    evidence(37, {
      figure: `${sum('mutants').toLocaleString('en')} mutants: ${known.map((room) => `${room.name} ${percent(room)} %`).join(', ')} noticed (docs/mutation.md)`,
      met: notes.length === 0,
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
      seconds: sum('seconds'),
      planted: sum('mutants'),
      caught: sum('killed'),
    });
  });
});
