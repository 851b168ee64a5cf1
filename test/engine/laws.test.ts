import { expect } from 'chai';
import fc from 'fast-check';
import { Secret, type Entry, type Held, type Listing, type Mark, type PlanItem, type Secrets, type Source, type Target } from 'dcs-sdk';
import type { Ledger, LedgerHome, LedgerRecord } from '../../src/engine/ledger-types.ts';
import type { Kind } from './cloud.ts';
import { live, type Mutant } from './history.ts';
import { anyHistory, calmHistory, type Step } from './steps.ts';

const seed = 20261121;

for (const kind of ['write-only', 'readable', 'marked'] as const)
  describe(`the laws of the engine on a ${kind} cloud`, () => {
    const hold = (history: fc.Arbitrary<Step[]>, numRuns: number, mutant?: Mutant): Promise<void> =>
      fc.assert(
        fc.asyncProperty(history, (steps) => live(kind, steps, mutant)),
        { seed, numRuns },
      );
    it('hold through strangers, lost answers, crashes and lost ledgers', () => hold(anyHistory(kind), 300));
    it('hold, and nothing is written twice or left over, where nothing disturbs', () => hold(calmHistory, 60));
    it('hold of a ledger that a sync with nothing to do leaves as it is', () =>
      live(kind, [
        { does: 'withhold', name: 'A', state: 'withheld' },
        { does: 'sync', adopt: true },
      ]));
    it('hold where a plan would delete what is foreign: a delete goes only to what dcs owns', () =>
      hold(anyHistory(kind), 30, { look: (look) => ({ ...look, plan: { ...look.plan, items: look.plan.items.map(deleted) } }) }));
  });

const deleted = (item: PlanItem): PlanItem => (item.action === 'foreign' ? { ...item, action: 'delete' } : item);

describe('the laws of the engine on a marked cloud', () => {
  it('hold where every ledger is lost: the marks bear the record', () =>
    fc.assert(
      fc.asyncProperty(anyHistory('marked'), (steps) => live('marked', forgetting(steps))),
      { seed, numRuns: 300 },
    ));
});

const forgetting = (steps: Step[]): Step[] => steps.flatMap((step) => [step, { does: 'ledger lost' }]);

describe('the laws of the engine are broken', () => {
  const broken = (what: string, kind: Kind, law: RegExp, mutant: Mutant): void => {
    it(`${what} (${kind})`, async () => {
      const found = await fc.check(
        fc.asyncProperty(anyHistory(kind), async (steps) => {
          try {
            await live(kind, kind === 'marked' ? forgetting(steps) : steps, mutant);
          } catch (error) {
            if (law.test(String(error))) throw error;
          }
        }),
        { seed, numRuns: 300, endOnFailure: true },
      );
      expect(found.failed).to.equal(true);
    });
  };
  const target = (change: (target: Target) => Partial<Target>): Mutant => ({ target: (given) => ({ ...given, ...change(given) }) });
  const listing = (change: (listing: Listing) => Listing): Mutant =>
    target((given) => ({ list: async (since) => change(await given.list(since)) }));
  const home = (change: (home: LedgerHome) => Partial<LedgerHome>): Mutant => ({ home: (given) => ({ ...given, ...change(given) }) });
  const loaded = (change: (ledger: Ledger) => Ledger): Mutant =>
    home((given) => ({
      load: async (place) => {
        const found = await given.load(place);
        return found && change(found);
      },
    }));
  const records = (change: (record: LedgerRecord) => LedgerRecord): Mutant =>
    loaded((ledger) => ({ ...ledger, records: new Map([...ledger.records].map(([name, each]) => [name, change(each)])) }));
  const secrets = (change: (secrets: Secrets) => Secrets): Mutant => ({
    source: (source: Source) => ({
      ...source,
      read: async (unless) => {
        const read = await source.read(unless);
        return read && { ...read, secrets: change(read.secrets) };
      },
    }),
  });
  const emptied = (held: Held): Held => (held.state === 'withheld' ? { state: 'value', secret: new Secret('') } : held);

  broken(
    'by a target that calls a lost write done',
    'write-only',
    /was reported done, and is not/,
    target((given) => ({
      write: async (changes) =>
        (await given.write(changes)).map(({ name, result }) => ({ name, result: result === 'unknown' ? 'done' : result })),
    })),
  );
  broken(
    'by a target that calls a write done failed',
    'write-only',
    /was reported failed, and was written/,
    target((given) => ({
      write: async (changes) => (await given.write(changes)).map(({ name }) => ({ name, result: 'failed' })),
    })),
  );
  broken(
    'by a target that deletes before it writes',
    'readable',
    /is in Doppler, and was deleted/,
    target((given) => ({
      write: async (changes) => {
        for (const { action, name } of changes) if (action === 'update') await given.write([{ action: 'delete', name }]);
        return given.write(changes);
      },
    })),
  );
  for (const kind of ['write-only', 'readable'] as const)
    broken(
      'by a listing without one name',
      kind,
      /overwritten without the consent/,
      listing((found) => ({
        ...found,
        entries: found.entries.filter(({ name }) => name !== 'A'),
      })),
    );
  broken(
    'by a trail that calls what others wrote a deployment',
    'write-only',
    /was said to be in sync/,
    target((given) => {
      let wrote = false;
      return {
        list: async (since) => {
          const { entries, trail = [] } = await given.list(since);
          return { entries, trail: wrote ? trail : trail.map(({ id }) => ({ id, touches: false })) };
        },
        write: (changes) => {
          wrote = true;
          return given.write(changes);
        },
      };
    }),
  );
  broken(
    'by a ledger that keeps nothing',
    'write-only',
    /a quiet sync left|its adoption was asked for/,
    home(() => ({ save: async () => {} })),
  );
  broken(
    'by a ledger that calls every name its own',
    'readable',
    /made by a stranger, and was deleted/,
    records((each) => ({ ...each, origin: 'created' })),
  );
  broken(
    'by a ledger of other revisions',
    'write-only',
    /stood already|a quiet sync left/,
    records((each) => ({ ...each, revision: 'another' })),
  );
  for (const kind of ['write-only', 'readable'] as const)
    broken(
      'by interrupted writes that are not settled',
      kind,
      /its adoption was asked for/,
      loaded((ledger) => ({ ...ledger, pending: [] })),
    );
  broken(
    'by a source that takes withheld for removed',
    'readable',
    /is in Doppler, and was deleted/,
    secrets((read) => new Map([...read].filter(([, { state }]) => state !== 'withheld'))),
  );
  broken(
    'by a source that takes withheld for empty',
    'write-only',
    /not with the value of Doppler/,
    secrets((read) => new Map([...read].map(([name, held]) => [name, emptied(held)]))),
  );
  const marks = (change: (mark: Mark, entry: Entry) => Mark): Mutant =>
    listing((given) => ({
      ...given,
      entries: given.entries.map((each) => (each.mark ? { ...each, mark: change(each.mark, each) } : each)),
    }));
  broken(
    'by marks that bear no record',
    'marked',
    /stood already/,
    marks(({ owner, created }) => ({ owner, created })),
  );
  broken(
    'by marks that call the newest revision theirs',
    'marked',
    /was said to be in sync/,
    marks((mark, { trail }) => ({ ...mark, revision: trail![0]!.id })),
  );
  broken(
    'by marks that call every name made by dcs',
    'marked',
    /was made by a stranger, and was deleted/,
    marks((mark) => ({ ...mark, created: true })),
  );
  broken('by a consent that was not given', 'readable', /overwritten without the consent/, { look: (look) => ({ ...look, findings: [] }) });
  broken('by a ledger that keeps values for HMACs', 'readable', /holds a value/, {
    keys: ({ active }) => {
      const open = { ...active, mac: (_place: string, _name: string, value: string) => value };
      return { active: open, all: [open] };
    },
  });
});
