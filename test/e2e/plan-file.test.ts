import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { secondMachine, SHARED_KEY } from './machines.ts';
import { world, YAML, type World } from './world.ts';

describe('a saved plan', function () {
  this.timeout(60_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY });
  });
  afterEach(() => w.close());
  const file = (): string => join(w.project, 'p.plan');
  const save = async (...more: string[]): Promise<void> => {
    const saved = await w.dcs(['diff', '-e', 'staging', '--out', 'p.plan', ...more]);
    expect(saved.code, saved.err).to.equal(0);
  };
  const view = (...more: string[]) => w.dcs(['diff', '--plan', 'p.plan', ...more]);
  const status = (...more: string[]) => w.dcs(['status', '--plan', 'p.plan', ...more]);

  it('is shown without a value, and holds until Doppler moves', async () => {
    await save();
    const shown = await view();
    expect(shown, shown.err).to.include({ code: 0 });
    expect(shown.out)
      .to.match(/^p\.plan · staging · made /)
      .and.contain('+ create  STRIPE_KEY')
      .and.contain('It holds.');
    expect(shown.out + (await readFile(file(), 'utf8'))).to.not.contain('sandbox-stripe');
    await w.doppler('stg', { STRIPE_KEY: 'moved' });
    const stale = await view('--exit-code');
    expect(stale.code).to.equal(2);
    expect(stale.out).to.contain('Doppler moved: STRIPE_KEY').and.contain('It is stale.').and.not.contain('moved\n');
    expect((await view('--json')).json()['stale']).to.deep.equal(['api']);
  });

  it('says when the target moved instead', async () => {
    await save();
    await w.edit('OTHER', 'x');
    expect((await view()).out).to.contain('the target or the settings moved');
  });

  it('keeps the targets and names it was made for', async () => {
    await save('api', '--only', 'STRIPE_KEY');
    expect((await view()).out)
      .to.contain('It holds.')
      .and.not.contain('JWT_SECRET');
    const applied = await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
    expect(applied.code, applied.err + applied.out).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-stg');
    expect(await w.worker('JWT_SECRET')).to.equal(undefined);
    for (const words of [['api'], ['--only', 'X'], ['--prune'], ['-e', 'prod']]) {
      const refused = await w.dcs(['sync', '--plan', 'p.plan', '--yes', ...words]);
      expect(refused.code, words.join(' ')).to.equal(64);
    }
  });

  it('tells whether production is what was approved, before, after, and when somebody edits', async () => {
    await save();
    const before = await status('--exit-code');
    expect(before.code, before.err).to.equal(2);
    expect(before.out).to.contain('not written yet: ').and.contain('STRIPE_KEY');
    await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
    const after = await status('--exit-code');
    expect(after.code, after.out).to.equal(0);
    expect(after.out)
      .to.contain('names as approved')
      .and.contain('nobody can read the values')
      .and.contain('Every target holds what was approved.');
    await w.doppler('stg', { STRIPE_KEY: 'moved on' });
    expect((await status('--exit-code')).code, 'Doppler moved, the target did not').to.equal(0);
    await w.dcs(['sync', '-e', 'staging', '--yes']);
    const other = await status('--json');
    expect(other.json()['approved']).to.equal(false);
    expect(other.out).to.match(/"name": "STRIPE_KEY",\s+"state": "other"/);
    await w.edit('JWT_SECRET', 'by hand');
    expect((await status()).out).to.contain('drifted: ');
  });

  it('judges no name that the plan left to a stranger', async () => {
    await w.yaml(YAML.replace('include:', 'existing: leave\n    include:'));
    await w.edit('STRIPE_KEY', 'of a stranger');
    await save();
    await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
    const held = await status('--exit-code');
    expect(held.code, held.out + held.err).to.equal(0);
    expect(held.out).to.contain('6 names as approved');
  });

  it('approves nothing of a target that is another place now', async () => {
    await save('--only', 'STRIPE_KEY');
    await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
    expect((await status('--exit-code')).code).to.equal(0);
    await w.yaml(YAML.replace('{staging: shop-api-staging, prod: shop-api}', '{staging: shop-api}'));
    const moved = await status('--exit-code');
    expect(moved.code, moved.out + moved.err).to.equal(2);
    expect(moved.out).to.contain('something else since: STRIPE_KEY');
  });

  it('is made on one machine and applied, shown and judged on another, whose record is its own', async () => {
    await save();
    const other = await secondMachine(w);
    const shown = await other.dcs(['diff', '--plan', 'p.plan']);
    expect(shown.out, shown.err).to.contain('It holds.');
    const applied = await other.dcs(['sync', '--plan', 'p.plan', '--yes']);
    expect(applied.code, applied.err + applied.out).to.equal(0);
    expect((await other.dcs(['status', '--plan', 'p.plan', '--exit-code'])).code).to.equal(0);
    await w.doppler('stg', { STRIPE_KEY: 'moved on' });
    const held = await other.dcs(['status', '--plan', 'p.plan', '--exit-code']);
    expect(held.out, 'values that nobody can read, and a record that others cannot').to.contain('cannot compare: STRIPE_KEY');
    const stale = await other.dcs(['sync', '--plan', 'p.plan', '--yes']);
    expect(stale.code, stale.err).to.equal(6);
  });

  it('is foreign to another environment', async () => {
    await save();
    const text = await readFile(file(), 'utf8');
    await w.doppler('prd', { DCS_LEDGER_KEY: `${SHARED_KEY}-of-prod` });
    await writeFile(file(), text.replace('"environment": "staging"', '"environment": "prod"'));
    const foreign = await w.dcs(['sync', '--plan', 'p.plan', '--yes']);
    expect(foreign.code, foreign.out).to.equal(6);
    expect(foreign.err).to.contain('made with another key');
  });

  it('is not made without a key that others have, and says how to get one', async () => {
    await w.doppler('stg', { DCS_LEDGER_KEY: null });
    const refused = await w.dcs(['diff', '-e', 'staging', '--out', 'p.plan']);
    expect(refused.code).to.equal(2);
    expect(refused.err).to.contain('A saved plan needs the secret DCS_LEDGER_KEY').and.contain('dcs doctor --fix');
  });

  it('is refused when it is no plan, altered, or expired', async () => {
    await save();
    const text = await readFile(file(), 'utf8');
    for (const command of [view, status]) {
      await writeFile(file(), text.replace('STRIPE_KEY', 'STRIPE_KEX'));
      const altered = await command();
      expect(altered.code).to.equal(6);
      expect((await command('--exit-code')).code, 'promises 0, 1 and 2').to.equal(1);
      expect(altered.err).to.contain('was altered');
      for (const broken of ['{"kind": "dcs-plan"}', 'null', text.replace(/"targets": .*/s, '"targets": [{}], "seal": "x"}')]) {
        await writeFile(file(), broken);
        expect((await command()).code, broken).to.equal(64);
      }
      await writeFile(file(), 'canary');
      const none = await command();
      expect(none.code).to.equal(64);
      expect(none.err).to.contain('is not a plan that dcs saved').and.not.contain('canary');
    }
    expect((await w.dcs(['diff', '--plan', 'absent.plan'])).code).to.equal(64);
    await writeFile(file(), text);
    const late = await w.dcs(['diff', '--plan', 'p.plan'], { env: { NODE_OPTIONS: `--import=${await tomorrow()}` } });
    expect(late.out, late.err).to.contain('It expired.');
  });

  /** A module that sets the clock of the process two days ahead. */
  async function tomorrow(): Promise<string> {
    const clock = join(w.home, 'clock.mjs');
    await writeFile(
      clock,
      `const now = Date.now; const ahead = 2 * 86_400_000; Date.now = () => now() + ahead;
      globalThis.Date = new Proxy(Date, { construct: (target, args) => (args.length === 0 ? new target(now() + ahead) : new target(...args)) });`,
    );
    return clock;
  }

  it('status --keys tells name by name', async () => {
    await w.edit('STRANGER', 'x');
    await w.dcs(['sync', '-e', 'staging', '--yes', '--only', 'STRIPE_KEY']);
    await w.doppler('stg', { STRIPE_KEY: 'moved' });
    const { out } = await w.dcs(['status', '-e', 'staging', '--keys']);
    expect(out)
      .to.match(/~ behind +STRIPE_KEY +created/)
      .and.match(/~ behind +JWT_SECRET +no record/)
      .and.match(/· not by dcs +STRANGER +no record/);
    const json = await w.dcs(['status', '-e', 'staging', '--keys', '--json']);
    const [target] = json.json()['targets'] as { keys: { name: string; state: string; origin?: string }[] }[];
    expect(target!.keys.find(({ name }) => name === 'STRIPE_KEY')).to.include({ state: 'behind', origin: 'created' });
  });
});
