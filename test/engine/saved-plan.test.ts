import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isDcsError, Secret, type Entry } from 'dcs-sdk';
import { sharedKeys } from '../../src/engine/key.ts';
import type { LedgerKeys } from '../../src/engine/ledger-types.ts';
import type { Look } from '../../src/engine/look.ts';
import {
  bind,
  isExpired,
  readPlan,
  refuseExpired,
  refuseForged,
  refuseStale,
  savePlan,
  staleTargets,
  wantedMacs,
} from '../../src/engine/saved-plan.ts';
import { keys, mac, names, OWNER, PLACE, planned, record, trail, type Scene } from './scene.ts';

const others = sharedKeys('o'.repeat(40));
const both: LedgerKeys = { active: others.active, all: [others.active, keys.active] };
const { active: key } = keys;
const NOW = new Date('2026-11-21T12:00:00Z');
const FILTERS = { only: ['A'], except: ['B'], prune: true };
const scene: Scene = {
  wanted: { B: 'new', A: 'new', W: { state: 'withheld' } },
  listings: [names('X', 'B')],
  records: [record('B'), record('X')],
};
const refused = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    if (!isDcsError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  return 'no';
};

describe('the seal of a saved plan', () => {
  let look: Look;
  let entry: Entry;
  before(async () => {
    look = await planned(scene);
    entry = { name: 'X', value: new Secret('v1'), birth: 'b1', mark: { owner: OWNER, created: true }, trail: trail('t1'), locked: 'plain' };
  });
  const seal = (more: Partial<Look> = {}, entries?: readonly Entry[]): string =>
    bind({ ...look, ...more, ...(entries ? { listing: { ...look.listing, entries } } : {}) }, key);

  it('is of all that the plan stood on: one difference makes another', () => {
    const { job, listing, plan } = look;
    const wanting = (value: string): Partial<Look> => ({
      shaped: {
        ...look.shaped,
        desired: { names: new Map([['A', { name: 'A', from: 'A', held: { state: 'value', secret: new Secret(value) } }]]) },
      },
    });
    const item = plan.items[0]!;
    const finding = { guard: 'rewrite', exit: 'REFUSED', names: ['X'], of: 1 } as const;
    const seals = [
      seal(),
      seal({ job: { ...job, place: 'there' } }),
      seal({ job: { ...job, settings: { policy: 'mirror', existing: 'leave' } } }),
      ...['i1', 'i2'].map((incarnation) => seal({ listing: { ...listing, incarnation } })),
      ...['r1', 'r2'].map((id) => seal({ listing: { ...listing, trail: trail(id) } })),
      ...['a1', 'a2'].map((id) => seal({ identity: { id, title: 'Account' } })),
      seal({ identity: undefined }),
      seal({ source: { identity: 'elsewhere', version: 'v1' } }),
      ...['v1', 'v2'].map((value) => seal(wanting(value))),
      seal({ plan: { ...plan, items: [{ ...item, name: 'Z' }] } }),
      seal({ plan: { ...plan, items: [{ ...item, action: 'kept' }] } }),
      seal({ plan: { ...plan, items: [{ ...item, reason: 'policy' }] } }),
      seal({ plan: { ...plan, items: [] } }),
      seal({ findings: [finding] }),
      seal({ findings: [{ ...finding, of: 2 }] }),
      seal({}, [entry]),
      seal({}, [{ ...entry, name: 'Y' }]),
      seal({}, [{ ...entry, value: new Secret('v2') }]),
      seal({}, [{ ...entry, birth: 'b2' }]),
      seal({}, [{ ...entry, mark: { owner: OWNER, created: false } }]),
      seal({}, [{ ...entry, trail: trail('t2') }]),
      seal({}, [{ ...entry, locked: 'mounted' }]),
      seal({}, [{ name: 'X' }]),
      seal({}, []),
      bind(look, others.active),
    ];
    for (const [at, one] of seals.entries()) expect(seals.indexOf(one), `the seal with number ${at}`).to.equal(at);
  });

  it('is the same whatever is listed first, and whatever a trail says further down', () => {
    expect(seal({}, [entry, { name: 'B' }])).to.equal(seal({}, [{ name: 'B' }, entry]));
    expect(seal({}, [{ ...entry, trail: trail('t1', 't0') }])).to.equal(seal({}, [entry]));
    expect(seal({}, [{ ...entry, trail: [] }])).to.not.equal(seal({}, [entry]));
    expect(seal({ listing: { ...look.listing, trail: [] } }), 'none at all').to.equal(seal());
  });

  it('passes for no seal of another kind', () => {
    expect(bind(look, { ...key, seal: (purpose) => purpose })).to.equal('plan');
  });

  it('knows names by what they shall hold, sorted', () => {
    const recorded = (value: string) => ({ name: 'R', from: 'R', held: { state: 'recorded' as const, mac: value } });
    const shaped = { ...look.shaped, desired: { names: new Map([...look.shaped.desired.names, ['R', recorded('m-R')]]) } };
    expect(wantedMacs({ ...look, shaped }, key)).to.deep.equal([
      ['A', mac('A', 'new')],
      ['B', mac('B', 'new')],
      ['R', 'm-R'],
      ['W', 'withheld'],
    ]);
  });
});

describe('a saved plan as a file', () => {
  let file: string;
  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'dcs-plan-')), 'p.plan');
  });
  const save = async (look: Look, by = keys): Promise<void> =>
    savePlan(file, { environment: 'prd', filters: FILTERS }, [look], by.active, NOW);

  it('holds names, actions and seals, no value, for this user alone', async () => {
    const look = await planned(scene);
    await save(look);
    const { seal, ...plan } = await readPlan(file);
    expect(plan).to.deep.equal({
      kind: 'dcs-plan',
      version: 1,
      environment: 'prd',
      made: '2026-11-21T12:00:00.000Z',
      expires: '2026-11-22T12:00:00.000Z',
      filters: FILTERS,
      targets: [
        {
          name: 'cloud',
          place: PLACE,
          wanted: [
            ['A', mac('A', 'new')],
            ['B', mac('B', 'new')],
            ['W', 'withheld'],
          ],
          changes: [
            { action: 'create', name: 'A', reason: 'new' },
            { action: 'update', name: 'B', reason: 'changed' },
          ],
          recordKey: key.id,
          seal: bind(look, key),
        },
      ],
    });
    expect(seal).to.equal(key.seal('plan-file', plan));
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await readFile(file, 'utf8')).to.match(/^\{\n {2}"kind": .*\n\}\n$/s);
  });

  it('keeps beside its own HMACs those of the record, where another key seals that', async () => {
    const look = await planned(scene);
    await save(look, others);
    const [target] = (await readPlan(file)).targets;
    expect(target!.recordKey).to.equal(key.id);
    expect(target!.wanted).to.deep.equal([
      ['A', others.active.mac(PLACE, 'A', 'new'), mac('A', 'new')],
      ['B', others.active.mac(PLACE, 'B', 'new'), mac('B', 'new')],
      ['W', 'withheld', 'withheld'],
    ]);
  });

  it('is refused where it was altered, or made with a key that is not known', async () => {
    await save(await planned(scene));
    const plan = await readPlan(file);
    expect(refused(() => refuseForged(plan, keys, file))).to.equal('no');
    expect(
      refused(() => refuseForged(plan, both, file)),
      'by a retired key',
    ).to.equal('no');
    for (const forged of [plan, { ...plan, environment: 'stg' }, { ...plan, targets: [] }, { ...plan, seal: 'x' }])
      expect(refused(() => refuseForged(forged, forged === plan ? others : keys, file))).to.match(/^CONFLICT: .* was altered/);
  });

  it('is refused from its last moment on', async () => {
    await save(await planned(scene));
    const plan = await readPlan(file);
    const [last, late] = [new Date('2026-11-22T12:00:00.000Z'), new Date('2026-11-22T12:00:00.001Z')];
    expect([isExpired(plan, last), isExpired(plan, late)]).to.deep.equal([false, true]);
    expect(refused(() => refuseExpired(plan, last, file))).to.equal('no');
    expect(refused(() => refuseExpired(plan, late, file))).to.match(/^CONFLICT: .* expired at 2026-11-22/);
  });

  it('is refused where a target is not what it was, or is not there', async () => {
    const look = await planned(scene);
    await save(look);
    const plan = await readPlan(file);
    const moved = { ...look, source: { identity: 'elsewhere', version: 'v1' } };
    expect([staleTargets(plan, [look], keys), staleTargets(plan, [look], both)]).to.deep.equal([[], []]);
    expect(staleTargets(plan, [look], others), 'no key it could have been made with').to.deep.equal(['cloud']);
    expect([staleTargets(plan, [moved], keys), staleTargets(plan, [], keys)]).to.deep.equal([['cloud'], ['cloud']]);
    expect(refused(() => refuseStale(plan, [look], keys, file))).to.equal('no');
    expect(refused(() => refuseStale(plan, [moved], keys, file))).to.match(/^CONFLICT: .* stale: cloud changed/);
    const other = { ...look, job: { ...look.job, place: 'there' } };
    expect(refused(() => refuseStale(plan, [look, other], keys, file))).to.match(/^CONFLICT: .* stale: its targets changed/);
  });

  it('is none without one of its fields, or with one of another kind', async () => {
    await save(await planned(scene));
    const text = await readFile(file, 'utf8');
    const altered = async (path: string, value: unknown): Promise<string> => {
      const plan = JSON.parse(text) as Record<string, never>;
      const way = path.split('.');
      const last = way.pop()!;
      way.reduce<Record<string, unknown>>((at, part) => at[part] as Record<string, unknown>, plan)[last] = value;
      return read(JSON.stringify(plan));
    };
    const read = async (content: string): Promise<string> => {
      await writeFile(file, content);
      return readPlan(file).then(
        () => 'a plan',
        (error: unknown) => (isDcsError(error) ? error.code : String(error)),
      );
    };
    expect(await read(text)).to.equal('a plan');
    expect(await altered('targets.1', {}), 'one of two').to.equal('USAGE');
    for (const broken of ['', 'sesame', 'null', '7', '[]', '{}', text.slice(0, -3)]) expect(await read(broken), broken).to.equal('USAGE');
    const wrong: readonly (readonly [fields: readonly string[], values: readonly unknown[]])[] = [
      [['kind'], ['dcs', undefined]],
      [['version'], [2, '1', undefined]],
      [
        ['environment', 'made', 'expires', 'seal'],
        [7, null, undefined],
      ],
      [
        ['targets.0.name', 'targets.0.place', 'targets.0.recordKey', 'targets.0.seal'],
        [7, null, undefined],
      ],
      [
        ['filters', 'targets'],
        [7, null, undefined, {}],
      ],
      [
        ['filters.only', 'filters.except', 'targets.0.wanted', 'targets.0.changes'],
        ['A', {}, null, undefined],
      ],
      [['targets.0'], [7, null, []]],
    ];
    for (const [fields, values] of wrong)
      for (const field of fields)
        for (const value of values) expect(await altered(field, value), `${field}: ${JSON.stringify(value)}`).to.equal('USAGE');
  });

  it('that cannot be read is told so', async () => {
    const error = await readPlan(join(file, 'nowhere')).catch((caught: unknown) => caught);
    expect(isDcsError(error) && [error.code, error.message]).to.deep.equal(['USAGE', `${join(file, 'nowhere')} cannot be read (ENOENT).`]);
  });
});
