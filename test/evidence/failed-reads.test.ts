import { expect } from 'chai';
import { Arena, type Fault } from './faults/arena.ts';
import { cleanRun } from './faults/battery.ts';
import { changes, unlike, type Clean } from './faults/judge.ts';
import { PLACES, type Place } from './faults/places.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';

const places = PLACES.filter(({ name }) => name.includes(process.env['ONLY'] ?? ''));
const answers = (body: unknown): Fault => ({ kind: 'status', status: 200, body });

/** Every way a read fails. Not 404: that one may mean that a thing is not there. */
const KINDS: Readonly<Record<string, Fault>> = {
  'no connection': { kind: 'reset' },
  'no answer': { kind: 'delay', ms: 600 },
  400: { kind: 'status', status: 400 },
  401: { kind: 'status', status: 401 },
  403: { kind: 'status', status: 403 },
  429: { kind: 'status', status: 429 },
  500: { kind: 'status', status: 500 },
  503: { kind: 'status', status: 503 },
  'HTML 502': { kind: 'html' },
  'HTML 200': { kind: 'html', status: 200 },
  'a redirect': { kind: 'redirect' },
  'half an answer': { kind: 'truncate' },
  'a list': answers([]),
  null: answers(null),
  'a number': answers(42),
};

/**
 * `KIND at METHOD /path` without which the same is written: the names of the account and of who is signed in, for line 1 and the
 * history; which functions run with older values; many reads in one request, made one by one then; a value that one may not read, of
 * which the version is looked at.
 */
const DISPENSABLE: readonly RegExp[] = [
  / at GET \/client\/v4\/accounts\/[0-9a-f]{32}$/,
  / at GET \/v3\/me$/,
  /^40[03] at GET \/google\/cloudfunctions\/.*\/functions$/,
  / at POST .*\/batch$/,
  /^40[03] at GET .*\/versions\/latest:access$/,
];

describe('a read that fails stops everything: nothing is planned, nothing written', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { runs: 0, reads: 0 };
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
    it(place.name, async () => {
      const clean = await cleanRun(arena, place);
      const reads = readsOf(clean);
      expect(reads).to.have.length.above(0);
      const all = reads.flatMap((path) => Object.keys(KINDS).map((kind) => [path, kind] as const));
      const step = Math.ceil(all.length / 3);
      const found: string[] = [];
      for (const [path, kind] of FULL ? all : all.filter((_, index) => index % step === place.name.length % step)) {
        const wrong = await without(arena, place, clean, path, kind);
        found.push(...wrong.map((each) => `${kind} at ${path}: ${each}`));
        if (process.env['ONLY']) for (const each of wrong) console.log(`${kind} at ${path}: ${each}`);
        sum.runs++;
      }
      sum.reads += reads.length;
      expect(found.join('\n')).to.equal('');
    });

  it('notices a write after a failed read', async () => {
    const place = PLACES[0]!;
    const clean = await cleanRun(arena, place);
    const [path] = readsOf(clean);
    const caught: boolean[] = [];
    for (const writes of [() => arena.run(place.sync, true), () => arena.w.edit('THEIRS', 'else')])
      caught.push((await without(arena, place, clean, path!, '503', writes)).length > 0);
    expect(caught).to.deep.equal([true, true]);
    const figure = `${sum.reads} reads of ${places.length} kinds of place, each failing in ${Object.keys(KINDS).length} ways, ${sum.runs} syncs: all stopped with 0 writes`;
    const note = 'But for reads that nothing depends on (names for line 1, many reads in one request): without them the same is written';
    evidence(5, {
      figure,
      met: failed === 0 && places.length === PLACES.length,
      note,
      seconds: seconds(),
      planted: caught.length,
      caught: caught.length,
    });
  });
});

/** What a sync asks before its first write: `METHOD /path`. */
function readsOf({ requests }: Clean): string[] {
  const first = requests.findIndex(changes);
  return [...new Set(requests.slice(0, first).map(({ method, path }) => `${method} ${path}`))];
}

async function without(
  arena: Arena,
  place: Place,
  clean: Clean,
  route: string,
  kind: string,
  meddles?: () => Promise<unknown>,
): Promise<string[]> {
  await arena.back({ ...KINDS[kind], route, times: 'forever' });
  const said = await arena.run(place.sync, true);
  const journal = await arena.journal();
  await arena.calm();
  await meddles?.();
  const now = await place.holds(arena);
  if (said.code === 0 && DISPENSABLE.some((each) => each.test(`${kind} at ${route}`)))
    return unlike(clean, now, await place.versions?.(arena), said);
  const wrote = journal.filter((entry) => entry.cloud === place.cloud && changes(entry)).map(({ method, path }) => `${method} ${path}`);
  return [
    ...(said.code === 0 ? [`exit 0: ${said.out}`] : []),
    ...wrote,
    ...[...clean.before].filter(([name, value]) => now.get(name) !== value).map(([name]) => `${name} moved`),
  ];
}
