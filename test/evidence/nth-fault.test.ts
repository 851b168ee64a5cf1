import { expect } from 'chai';
import { Arena, type Fault } from './faults/arena.ts';
import { casesOf, cleanRun, faultOf, meets, type Case, type Mutant } from './faults/battery.ts';
import { PLACES, type Place } from './faults/places.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

/** With ONLY=Worker just that place. */
const places = PLACES.filter(({ name }) => name.includes(process.env['ONLY'] ?? ''));
const seed = 20261121;

/** All at full size; else a few, that differ from place to place. */
function some(cases: readonly Case[], place: Place): readonly Case[] {
  const step = Math.ceil(cases.length / 3);
  return FULL ? cases : cases.filter((_, index) => index % step === (seed + place.name.length * 7) % step);
}

describe('each request of a sync meets each fault, once and from there on', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { runs: 0, told: 0, unknown: 0, requests: 0 };
  let arena: Arena;
  let failed = 0;
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed++;
  });
  before(async () => {
    arena = await Arena.open();
  });
  after(() => arena.close());

  for (const place of places)
    it(`${place.name}: no stranger is touched, nothing is torn, the report is right, one more sync does the rest`, async () => {
      const clean = await cleanRun(arena, place);
      expect(clean.names).to.have.length.above(2);
      sum.requests += clean.requests.length;
      const found: string[] = [];
      for (const one of some(casesOf(clean), place)) {
        const { wrong, told, unknown } = await meets(arena, place, clean, faultOf(one));
        found.push(...wrong.map((each) => `${one.kind} ${one.times} at ${one.nth}: ${each}`));
        if (process.env['ONLY']) for (const each of wrong) console.log(`${one.kind} ${one.times} at ${one.nth}: ${each}`);
        sum.runs++;
        sum.told += told;
        sum.unknown += unknown;
      }
      expect(found).to.deep.equal([]);
    });

  it('finds what is put in by hand', async () => {
    const place = PLACES.find(({ name }) => name === 'Google Secret Manager')!;
    const clean = await cleanRun(arena, place);
    const missed: string[] = [];
    for (const [what, fault, mutant] of PLANTED)
      if ((await meets(arena, place, clean, fault, mutant)).wrong.length === 0) missed.push(what);
    expect(missed).to.deep.equal([]);
    const planted = PLANTED.length;
    const count = (number: number): string => number.toLocaleString('en');
    const measured = { met: failed === 0 && places.length === PLACES.length, seconds: seconds(), planted, caught: planted, seed };
    const runs = `${count(sum.runs)} syncs of ${places.length} kinds of place, each of ${sum.requests} requests with 7 faults, once and from there on`;
    evidence(10, {
      ...measured,
      figure: `${runs}: ${count(sum.told)} names told, all right; ${count(sum.unknown)} unknown, each of a lost answer`,
    });
  });
});

const by = (change: (out: string) => string): Mutant => ({ said: (said) => ({ ...said, out: change(said.out) }) });
const byHand = (name: string, value: string | null): Mutant => ({
  meddles: ({ w }) => w.post('/_sandbox/google/hand-edit', { project: 'demo-shop', name, value }),
});
const route = 'POST /google/secretmanager/v1/projects/:project/secrets/:secret:addVersion';
const refused = { kind: 'status', status: 400, route };
const lost = { kind: 'reset-after-commit', route };
const PLANTED: readonly (readonly [what: string, fault: Fault, mutant: Mutant])[] = [
  ['a stranger deleted', refused, byHand('THEIRS', null)],
  ['a name deleted before it is written', refused, byHand('F_SAME', null)],
  ['a name written twice', lost, byHand('F_CHANGED', 'new')],
  ['failed told as done', refused, by((out) => out.replaceAll('"failed"', '"done"'))],
  ['done told as failed', lost, by((out) => out.replaceAll('"done"', '"failed"'))],
  ['a name left out', lost, by((out) => out.replaceAll('"F_NEW_A"', '"F_OLD"'))],
  ['unknown, and every answer came', { kind: 'status', status: 429 }, by((out) => out.replaceAll('"done"', '"unknown"'))],
  ['success told of a part', refused, { said: (said) => ({ ...said, code: 0 }) }],
  ['nothing done the next time', refused, { neverAgain: true }],
];
