import { expect } from 'chai';
import { Secret, type Target, type Write } from 'dcs-sdk';
import fc from 'fast-check';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { startSandbox } from '../../plugins/dcs-plugin-sandbox/src/server/server.ts';
import { createDopplerClient } from '../../src/doppler/client.ts';
import { dopplerTarget } from '../../src/doppler/target.ts';

const NAMES = ['A', 'B', 'C', 'D'] as const;
const VALUES = ['1', '2', '', 'line\nline'] as const;

describe("guarded writes to Doppler, against the sandbox: nobody's edit is lost", function () {
  this.timeout(120_000);
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let origin = '';
  before(async () => {
    sandbox = await startSandbox({});
    origin = sandbox.origin;
  });
  after(() => sandbox.close());

  const client = () => createDopplerClient({ base: origin, token: SEED.tokens.user });
  const held = async (): Promise<Map<string, string>> => {
    const answer = await client().secrets('shop', 'dev');
    if (answer === 'not-modified') throw new Error('a full read');
    return new Map([...answer.secrets].flatMap(([name, { raw }]) => ((NAMES as readonly string[]).includes(name) ? [[name, raw!]] : [])));
  };
  const edit = async (name: string, value: string | null): Promise<void> => {
    await client().change('shop', 'dev', [{ name, was: (await held()).get(name) ?? null, value }]);
  };

  /** What the plan would write, given what was listed: a create only of what was absent, the rest only of what was there. */
  const writesFor = (before: ReadonlyMap<string, string>, wanted: readonly (readonly [string, string | null])[]): Write[] =>
    wanted.flatMap(([name, value]): Write[] => {
      if (value === null) return before.has(name) ? [{ action: 'delete', name }] : [];
      return [{ action: before.has(name) ? 'update' : 'create', name, secret: new Secret(value) }];
    });

  it('a write is done exactly where no name of it moved since the listing, and else nothing of it is', async () => {
    const name = fc.constantFrom(...NAMES);
    const value = fc.option(fc.constantFrom(...VALUES));
    const changes = fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one, maxLength: 4 });
    const told = { done: 0, conflict: 0 };
    await fc.assert(
      fc.asyncProperty(changes, changes, changes, async (first, foreign, wanted) => {
        for (const [one, to] of first) await edit(one, to);
        const target: Target = dopplerTarget(client(), { host: origin, project: 'shop', config: 'dev' }, { stored: true });
        await target.list(new Set());
        const before = await held();
        for (const [one, to] of foreign) await edit(one, to);
        const there = await held();
        const requests = writesFor(before, wanted);
        if (requests.length === 0) return;
        const moved = requests.some((request) => there.get(request.name) !== before.get(request.name));

        const outcomes = await target.write(requests);
        const after = await held();
        expect(new Set(outcomes.map(({ result }) => result))).to.deep.equal(new Set([moved ? 'conflict' : 'done']));
        told[moved ? 'conflict' : 'done'] += 1;
        const expected = new Map(there);
        if (!moved)
          for (const request of requests)
            if (request.action === 'delete') expected.delete(request.name);
            else expected.set(request.name, request.secret.reveal());
        expect(after).to.deep.equal(expected);
      }),
      { numRuns: 60 },
    );
    expect(told.done, 'some took').to.be.greaterThan(5);
    expect(told.conflict, 'some were overtaken').to.be.greaterThan(5);
  });

  it('of two at once over one name exactly one is done', async () => {
    await edit('A', 'start').catch(() => undefined);
    for (let round = 0; round < 10; round++) {
      const both = await Promise.all(
        ['x', 'y'].map(async (mine) => {
          const target = dopplerTarget(client(), { host: origin, project: 'shop', config: 'dev' }, { stored: true });
          await target.list(new Set());
          return { mine: `${mine}${round}`, target };
        }),
      );
      const results = await Promise.all(
        both.map(({ mine, target }) => target.write([{ action: 'update', name: 'A', secret: new Secret(mine) }])),
      );
      const done = both.filter((_, index) => results[index]![0]!.result === 'done');
      expect(
        results
          .flat()
          .map(({ result }) => result)
          .toSorted(),
      ).to.deep.equal(['conflict', 'done']);
      expect((await held()).get('A')).to.equal(done[0]!.mine);
    }
  });
});
