import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { secondMachine, SHARED_KEY, type Machine } from './machines.ts';
import { world, YAML, type World } from './world.ts';

describe('a record that machines share', function () {
  this.timeout(90_000);
  let w: World;
  let other: Machine;
  const use = async (home: string): Promise<void> => {
    await w.yaml(`ledger: ${home}\n${YAML}`);
    other = await secondMachine(w);
  };
  beforeEach(async () => {
    w = await world();
    await w.doppler('stg', { DCS_LEDGER_KEY: SHARED_KEY });
  });
  afterEach(() => w.close());
  const sync = ['sync', '-e', 'staging', '--yes'];
  const status = async (machine: Pick<World, 'dcs'>): Promise<{ state: string; drifted: string[] }> => {
    const { targets } = (await machine.dcs(['status', '-e', 'staging', '--json'])).json() as {
      targets: { state: string; drifted: string[] }[];
    };
    return targets[0]!;
  };

  it('at Doppler: the second machine plans nothing, sees a hand edit, and prunes only what the first one wrote', async () => {
    await use('doppler');
    await w.edit('STRANGER', 'x');
    const first = await w.dcs(sync);
    expect(first.code, first.err + first.out).to.equal(0);
    await w.forget();
    const idle = await other.dcs(sync);
    expect(idle.code, idle.err + idle.out).to.equal(0);
    expect(idle.out).to.contain('Nothing to do');
    expect((await w.journal()).filter(({ method }) => method !== 'GET')).to.deep.equal([]);
    expect(await status(other)).to.include({ state: 'in sync' });
    await w.doppler('stg', { JWT_SECRET: null });
    const pruned = await other.dcs([...sync, '--prune', '--allow', 'delete']);
    expect(pruned.code, pruned.err + pruned.out).to.equal(0);
    expect(await w.worker('JWT_SECRET')).to.equal(undefined);
    expect(await w.worker('STRANGER')).to.equal('x');
    await w.edit('STRIPE_KEY', 'by hand');
    expect(await status(other)).to.deep.include({ state: 'drifted' });
    await other.dcs(sync);
    expect(await status(w)).to.include({ state: 'in sync' });
  });

  it('lies in a config of its own: the version of the environment stays', async () => {
    await use('doppler');
    await w.dcs(sync);
    await w.forget();
    const again = await w.dcs(sync);
    expect(again.code, again.err).to.equal(0);
    const reads = (await w.journal()).filter(({ path }) => path.startsWith('/v3/configs/config/secrets'));
    expect(reads.map(({ status: code }) => code)).to.include(304);
    expect(reads).length(3);
  });

  it('says what is missing, and writes nothing', async () => {
    await use('doppler');
    await w.doppler('stg', { DCS_LEDGER_KEY: null });
    const refused = await w.dcs(sync);
    expect(refused.code).to.equal(2);
    expect(refused.err).to.contain('DCS_LEDGER_KEY').and.contain('dcs doctor --fix');
  });

  for (const [from, to] of [
    ['machine', 'doppler'],
    ['machine', 'git'],
    ['git', 'doppler'],
    ['doppler', 'git'],
    ['doppler', 'machine'],
  ] as const)
    it(`moves from ${from} to ${to} without a write to a target`, async () => {
      await use(from);
      await w.edit('STRANGER', 'x');
      await w.dcs(sync);
      await w.yaml(`ledger: ${to}\n${YAML}`);
      await w.forget();
      const moved = await w.dcs(sync);
      expect(moved.code, moved.err + moved.out).to.equal(0);
      const writes = (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET');
      expect(writes).to.deep.equal([]);
      await w.doppler('stg', { JWT_SECRET: null });
      const pruned = await w.dcs([...sync, '--prune', '--allow', 'delete']);
      expect(pruned.out, pruned.err).to.contain('1 written');
      expect(await w.worker('JWT_SECRET')).to.equal(undefined);
    });

  it('is sealed anew with another key, without a write to a target', async () => {
    await use('doppler');
    await w.dcs(sync);
    const next = SHARED_KEY.replace('a-key', 'b-key');
    await w.doppler('stg', { DCS_LEDGER_KEY: `${next} ${SHARED_KEY}` });
    expect((await w.dcs(sync)).code).to.equal(0);
    await w.doppler('stg', { DCS_LEDGER_KEY: next });
    expect(await status(other)).to.include({ state: 'in sync' });
  });

  it('is written by two machines at once: one writes, the other plans again, nothing is lost', async () => {
    await use('doppler');
    const [a, b] = await Promise.all([w.dcs(sync), other.dcs(sync)]);
    expect([a.code, b.code], a.err + a.out + b.err + b.out).to.deep.equal([0, 0]);
    const writes = (await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET');
    expect(writes, 'the other one found it done').length(1);
    expect(await status(w)).to.include({ state: 'in sync' });
    expect(await status(other)).to.include({ state: 'in sync' });
    await w.doppler('stg', { JWT_SECRET: null, STRIPE_KEY: null });
    const pruned = await other.dcs([...sync, '--prune', '--allow', 'delete']);
    expect(pruned.out, pruned.err).to.contain('2 written');
  });

  it('goes on where another machine was killed', async () => {
    await use('doppler');
    await w.post('/_sandbox/faults', { cloud: 'cloudflare', route: 'PATCH /client/v4/accounts/*', kind: 'delay', ms: 4000 });
    const killed = await w.dcs(sync, { killAfter: 2000 });
    expect(killed.code).to.equal(null);
    await new Promise((resolve) => setTimeout(resolve, 2500)); // the request lands although its sender is dead
    const next = await other.dcs(sync);
    expect(next.code, next.err + next.out).to.equal(0);
    expect(next.err).to.contain('Another machine is writing here');
    expect(await status(w)).to.include({ state: 'in sync' });
    await w.doppler('stg', { JWT_SECRET: null });
    const pruned = await w.dcs([...sync, '--prune', '--allow', 'delete']);
    expect(pruned.code, pruned.err + pruned.out).to.equal(0);
  });

  it('is offered by doctor, which makes key and place and edits dcs.yaml after a yes', async () => {
    await w.doppler('stg', { DCS_LEDGER_KEY: null });
    await w.yaml(`# ours\n${YAML.replace('{staging: shop-api-staging, prod: shop-api}', '{staging: shop-api-staging}')}`);
    await w.dcs(sync);
    const record = async (...more: string[]) => {
      const { findings } = (await w.dcs(['doctor', '--json', ...more])).json() as {
        findings: { what: string; level: string; mended: boolean }[];
      };
      return findings.filter(({ what }) => what === 'record').map(({ level, mended }) => [level, mended]);
    };
    expect(await record()).to.deep.equal([['warning', false]]);
    expect(await record('--fix'), 'nobody said yes').to.deep.equal([['warning', false]]);
    expect(await record('--fix', '--yes')).to.deep.equal([['warning', true]]);
    const text = await readFile(join(w.project, 'dcs.yaml'), 'utf8');
    expect(text).to.contain('# ours').and.contain('ledger: doppler');
    expect(await record()).to.deep.equal([['ok', false]]);
    await w.forget();
    expect((await w.dcs(sync)).out).to.contain('Nothing to do');
    expect((await w.journal()).filter(({ cloud, method }) => cloud === 'cloudflare' && method !== 'GET')).to.deep.equal([]);
    other = await secondMachine(w);
    expect(await status(other)).to.include({ state: 'in sync' });
  });

  it('in git merges: two branches that both synced keep both entries, of the record and of the history', async () => {
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=Ana', '-c', 'user.email=ana@acme.dev', '-c', 'init.defaultBranch=main', ...args], {
        cwd: w.project,
        encoding: 'utf8',
      });
    await rm(join(w.project, '.git'), { recursive: true });
    git('init', '-q');
    await use('git');
    await w.dcs(sync);
    const { findings } = (await w.dcs(['doctor', '--json', '--fix', '--yes'])).json() as {
      findings: { message: string; mended: boolean }[];
    };
    expect(
      findings
        .filter(({ mended }) => mended)
        .map(({ message }) => message)
        .join(),
    ).to.contain('git would stop at a conflict');
    expect(await readFile(join(w.project, '.gitattributes'), 'utf8')).to.equal('dcs.lock merge=union\ndcs.history.jsonl merge=union\n');
    git('add', '-A');
    git('commit', '-qm', 'base');
    git('checkout', '-qb', 'one');
    await w.doppler('stg', { A_FIRST: '1' });
    await w.dcs([...sync, '--only', 'A_FIRST']);
    git('commit', '-qam', 'one');
    git('checkout', '-q', 'main');
    await w.doppler('stg', { Z_LAST: '1' });
    await w.dcs([...sync, '--only', 'Z_LAST']);
    git('commit', '-qam', 'two');
    git('merge', '-q', 'one');
    const told = await w.dcs(['history', '--json']);
    expect(told.code, told.err).to.equal(0);
    expect((told.json()['entries'] as unknown[]).length).to.equal(3);
    await w.doppler('stg', { A_FIRST: null, Z_LAST: null });
    await w.dcs([...sync, '--allow', 'adopt']); // the target stands as one of the branches saw it: the other's names are looked at again
    expect(await status(w)).to.include({ state: 'in sync' });
  });

  it('is asked for again when it was lost, and a restored old one is not believed', async () => {
    await use('doppler');
    await w.dcs(sync);
    const old = await records(w);
    await w.doppler('stg', { STRIPE_KEY: 'second' });
    await w.dcs(sync);
    await w.doppler('stg_dcs', old);
    const restored = await status(other);
    expect(restored.state, 'its revision is not the newest one').to.not.equal('in sync');
    const again = await other.dcs([...sync, '--allow', 'rewrite']);
    expect(again.code, again.err + again.out).to.equal(0);
    expect(await w.worker('STRIPE_KEY')).to.equal('second');
    await w.doppler('stg_dcs', Object.fromEntries(Object.keys(old).map((name) => [name, null])));
    const lost = await w.dcs(sync);
    expect(lost.code).to.equal(7);
    expect(lost.err).to.contain('--allow adopt');
    await w.doppler('stg_dcs', Object.fromEntries(Object.keys(old).map((name) => [name, '1.0000000000000000.garbled'])));
    const damaged = await w.dcs(sync);
    expect(damaged.code, damaged.err).to.equal(6);
    expect(damaged.err).to.contain('shop/stg_dcs');
  });

  it('asks no clock: a machine two days ahead plans nothing, and its history keeps its order', async () => {
    await use('doppler');
    const clock = join(w.home, 'clock.mjs');
    await writeFile(
      clock,
      'const now = Date.now; const D = Date; globalThis.Date = class extends D { constructor(...a) { super(...(a.length ? a : [now() + 172800000])); } static now() { return now() + 172800000; } };',
    );
    await other.dcs(sync, { env: { NODE_OPTIONS: `--import=${clock}` } });
    expect((await w.dcs(sync)).out).to.contain('Nothing to do');
    await w.doppler('stg', { STRIPE_KEY: 'second' });
    await w.dcs(sync);
    const { entries } = (await other.dcs(['history', '--json'])).json() as { entries: { outcomes: { done: string[] } }[] };
    expect(
      entries.map(({ outcomes }) => outcomes.done.length),
      'newest first',
    ).to.deep.equal([1, 7]);
  });

  it('is opened by a token of its own where the first one opens one config only', async () => {
    await use('doppler');
    const token = (config: string): Promise<string> => serviceToken(w, config);
    const narrow = { DOPPLER_TOKEN: await token('stg') };
    const refused = await w.dcs(sync, { env: narrow });
    expect(refused.code).to.equal(3);
    expect(refused.err).to.contain('shop/stg_dcs').and.contain('DCS_LEDGER_TOKEN');
    await w.dcs(sync); // makes the config
    const allowed = await other.dcs(sync, { env: { ...narrow, DCS_LEDGER_TOKEN: await token('stg_dcs') } });
    expect(allowed.code, allowed.err + allowed.out).to.equal(0);
    expect(allowed.out).to.contain('Nothing to do');
  });
});

/** What stands in the config of the record, the history aside. */
async function records(w: World): Promise<Record<string, string>> {
  const url = `${w.origin}/v3/configs/config/secrets?project=shop&config=stg_dcs`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${SEED.tokens.user}` } });
  const { secrets } = (await answer.json()) as { secrets: Record<string, { raw: string }> };
  const ledgers = Object.entries(secrets).filter(([name]) => /^DCS_LEDGER_[0-9A-F]/.test(name));
  return Object.fromEntries(ledgers.map(([name, { raw }]) => [name, raw]));
}

async function serviceToken(w: World, config: string): Promise<string> {
  const answer = await fetch(`${w.origin}/v3/configs/config/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` },
    body: JSON.stringify({ project: 'shop', config, name: 'ci', access: 'read/write' }),
  });
  return ((await answer.json()) as { token: { key: string } }).token.key;
}
