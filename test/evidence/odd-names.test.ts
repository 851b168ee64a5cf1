import { expect } from 'chai';
import * as cloudflare from '../../runtime/src/cloudflare.ts';
import * as cloudrun from '../../runtime/src/cloudrun.ts';
import * as firebase from '../../runtime/src/firebase.ts';
import * as index from '../../runtime/src/index.ts';
import * as node from '../../runtime/src/node.ts';
import { world, YAML } from '../e2e/world.ts';
import { evidence, FULL, sized, stopwatch } from './evidence.ts';
import { Arena } from './faults/arena.ts';
import { inApps, type Apps } from './odd/apps.ts';
import * as engine from './odd/engine.ts';
import { enters } from './odd/into.ts';
import { ODD } from './odd/names.ts';
import { pipelines, type Engine } from './odd/pipeline.ts';
import { APP_FAULTS, ENGINE_FAULTS, PROGRAM_FAULTS, TARGET_FAULTS, WORD_FAULT } from './odd/plants.ts';
import { inPrograms } from './odd/programs.ts';
import { arrives, PLACES } from './odd/targets.ts';
import { DEFINED_COMMANDS, definedTwins, unknownTwins } from './odd/twins.ts';
import { plantedDcs, plantedModule, plantedPlugin } from './planted.ts';

const seed = 20261121;
const APPS: Apps = { index, node, cloudrun, cloudflare, firebase };
const WORDS = ['constructor', '__proto__', 'hasOwnProperty', '__defineGetter__'];
/** Of what may name an environment or a target: letters first, and no key that dcs.yaml refuses. */
const NAMED = ['toString', 'hasOwnProperty'];

describe('odd names', function () {
  this.timeout(7_200_000);
  const seconds = stopwatch();
  const sum = { cases: 0, collisions: 0, places: 0, arrived: 0, checks: 0, reads: 0, runs: 0 };
  const missed: string[] = [];
  let planted = 0;
  let failed = 0;
  let arena: Arena;
  const found = (what: string, wrong: readonly string[]): void => {
    planted++;
    if (wrong.length === 0) missed.push(what);
  };
  before(async () => {
    arena = await Arena.open();
  });
  after(() => arena.close());
  afterEach(function () {
    if (this.currentTest?.state === 'failed') failed++;
  });

  it('through the engine: none is lost or inherited, collisions are told by every plan, and nothing of them is written', async () => {
    const { wrong, names, collisions } = await pipelines(engine, sized(150, 10_000), seed);
    expect(wrong).to.deep.equal([]);
    Object.assign(sum, { cases: names, collisions });
    for (const fault of FULL ? ENGINE_FAULTS : ENGINE_FAULTS.slice(-2))
      found(fault.what, (await pipelines(await plantedModule<Engine>('test/evidence/odd/engine.ts', fault), 1000, seed)).wrong);
  });

  it('to every kind of target: each arrives or is told to be blocked; what strangers named so stays', async () => {
    for (const place of PLACES) {
      const { wrong, names } = await arrives(arena, place);
      expect(wrong).to.deep.equal([]);
      sum.places++;
      sum.arrived += names;
    }
    for (const { plugin, place, ...fault } of FULL ? TARGET_FAULTS : TARGET_FAULTS.slice(0, 1)) {
      await arena.plugin(plugin, await plantedPlugin(plugin, ['../target'], fault));
      found(
        fault.what,
        (
          await arrives(
            arena,
            PLACES.find(({ name }) => name === place)!,
          )
        ).wrong,
      );
      await arena.plugin(plugin);
    }
  });

  it('into Doppler, and two that become one: refused before anything is written', async () => {
    const { wrong, checks } = await enters(arena, FULL);
    expect(wrong).to.deep.equal([]);
    sum.checks += checks;
  });

  it('in programs, formats, snapshots and keys of dcs.yaml', async () => {
    const w = await world();
    try {
      const { wrong, checks } = await inPrograms(w, FULL);
      expect(wrong).to.deep.equal([]);
      sum.checks += checks;
      for (const fault of FULL ? PROGRAM_FAULTS : [])
        found(fault.what, (await inPrograms(w, false, await plantedDcs(['env', 'run', 'config/validate'], fault))).wrong);
    } finally {
      await w.close();
    }
  });

  it('as words of a command line and in dcs.yaml: as unknown, or as good, as any other', async () => {
    const w = await world();
    try {
      await w.yaml(YAML);
      const unknown = await unknownTwins(w, FULL ? WORDS : WORDS.slice(0, 1), sized(8, 1));
      const defined = await definedTwins(world, FULL ? NAMED : []);
      expect([...unknown.wrong, ...defined.wrong]).to.deep.equal([]);
      sum.runs = unknown.runs + defined.runs;
      if (FULL) found(WORD_FAULT.what, (await definedTwins(world, ['toString'], await plantedDcs(DEFINED_COMMANDS, WORD_FAULT))).wrong);
    } finally {
      await w.close();
    }
  });

  it('in running apps: a name that is not there is missing, and one that is there is its value', async () => {
    const { wrong, reads } = await inApps(APPS);
    expect(wrong).to.deep.equal([]);
    sum.reads = reads;
    for (const { of, ...fault } of APP_FAULTS) {
      const changed = await Promise.all(of.map(async (name) => [name, await plantedModule(`runtime/src/${name}.ts`, fault)] as const));
      found(fault.what, (await inApps({ ...APPS, ...Object.fromEntries(changed) })).wrong);
    }
  });

  it('finds what is planted', () => {
    expect(missed).to.deep.equal([]);
    const count = (number: number): string => number.toLocaleString('en');
    evidence(13, {
      figure: `${ODD.length} odd names (what every object inherits, digits, case, length, reserved words) and random ones: ${count(sum.cases)} through the engine, ${count(sum.collisions)} sets with collisions, each an error of every plan with 0 writes; ${count(sum.arrived)} to ${sum.places} kinds of target, ${count(sum.checks)} checks of formats, programs, snapshots, imports and dcs.yaml, ${count(sum.reads)} reads of apps, ${count(sum.runs)} commands beside the same about a plain name: 0 lost, 0 inherited`,
      met: failed === 0,
      seed,
      seconds: seconds(),
      planted,
      caught: planted - missed.length,
    });
  });
});
