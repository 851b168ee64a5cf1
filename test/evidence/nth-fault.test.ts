import { expect } from 'chai';
import { Arena } from './faults/arena.ts';
import { casesOf, cleanRun, faultOf, KINDS, meets } from './faults/battery.ts';
import { cleanMaking, makes, makingCases, makingFault } from './faults/making-battery.ts';
import { MAKINGS } from './faults/makings.ts';
import { PLACES } from './faults/places.ts';
import { MAKING_FAULTS, PLANTED_IN, PLUGIN, SYNC_FAULTS } from './faults/plants.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plantedPlugin } from './planted.ts';

/** With ONLY=Worker just what is called so. */
const chosen = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
  all.filter(({ name }) => name.includes(process.env['ONLY'] ?? ''));
const places = chosen(PLACES);
const makings = chosen(MAKINGS);
const seed = 20261121;

/** All at full size; else a few, that differ from place to place. */
function some<T>(cases: readonly T[], { name }: { readonly name: string }, few = 3): readonly T[] {
  const step = Math.ceil(cases.length / few);
  return FULL ? cases : cases.filter((_, index) => index % step === (seed + name.length * 7) % step);
}

/** At full size, and where one thing is looked at, what is wrong is said at once. */
function told(wrong: readonly string[], found: string[]): void {
  if (FULL || process.env['ONLY']) for (const each of wrong) console.log(each);
  found.push(...wrong);
}

describe('each request of a command that writes meets each fault, once and from there on', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { runs: 0, told: 0, unknown: 0, requests: 0, made: 0, asked: 0 };
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
        const { wrong, told: names, unknown } = await meets(arena, place, clean, faultOf(one));
        told(
          wrong.map((each) => `${one.kind} ${one.times} at ${one.nth}: ${each}`),
          found,
        );
        sum.runs++;
        sum.told += names;
        sum.unknown += unknown;
      }
      expect(found).to.deep.equal([]);
    });

  for (const making of makings)
    it(`${making.name}: a clear error, nothing made twice, nothing of others touched, the same command does the rest`, async () => {
      const made = await cleanMaking(arena, making);
      sum.asked += made.requests.length;
      const found: string[] = [];
      for (const one of some(makingCases(made), making, making.works ? 1 : 3)) {
        const wrong = await makes(arena, making, made, makingFault(one));
        told(
          wrong.map((each) => `${one.kind} ${one.times} at ${one.route} ${one.nth}: ${each}`),
          found,
        );
        sum.made++;
      }
      expect(found).to.deep.equal([]);
    });

  it('finds what is planted', async () => {
    const missed = [...(await missedOfSyncs(arena)), ...(await missedOfMakings(arena))];
    expect(missed).to.deep.equal([]);
    const planted = SYNC_FAULTS.length + MAKING_FAULTS.length;
    const count = (number: number): string => number.toLocaleString('en');
    const met = failed === 0 && places.length === PLACES.length && makings.length === MAKINGS.length;
    evidence(10, {
      met,
      seconds: seconds(),
      planted,
      caught: planted,
      seed,
      figure: `${count(sum.runs)} syncs of ${places.length} kinds of place, each of ${sum.requests} requests with ${Object.keys(KINDS).length} faults, once and from there on: ${count(sum.told)} names told, all right; ${count(sum.unknown)} unknown, each of a lost answer. ${count(sum.made)} runs of ${makings.map(({ name }) => `\`${name}\``).join(', ')}, each of ${sum.asked} requests so: 0 things made twice, 0 of others touched, 0 values printed, the same command finished each`,
      note: 'of repeated looks at what a cloud is at work on, the first',
    });
  });
});

async function missedOfSyncs(arena: Arena): Promise<string[]> {
  const place = PLACES.find(({ name }) => name === 'Google Secret Manager')!;
  const clean = await cleanRun(arena, place);
  const missed: string[] = [];
  for (const [what, fault, mutant] of SYNC_FAULTS)
    if ((await meets(arena, place, clean, fault, mutant)).wrong.length === 0) missed.push(what);
  return missed;
}

async function missedOfMakings(arena: Arena): Promise<string[]> {
  const making = MAKINGS.find(({ name }) => name === PLANTED_IN)!;
  const made = await cleanMaking(arena, making);
  const missed: string[] = [];
  for (const { what, fault, mutant, edits } of MAKING_FAULTS) {
    if (edits !== undefined) await arena.plugin(PLUGIN, await plantedPlugin(PLUGIN, ['provision/cloudflare'], { what, edits }));
    if ((await makes(arena, making, made, fault, mutant)).length === 0) missed.push(what);
    await arena.plugin(PLUGIN);
  }
  return missed;
}
