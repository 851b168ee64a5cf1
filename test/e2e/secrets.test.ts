import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { hits, sinks } from './canaries.ts';
import { meanwhile } from './meanwhile.ts';
import { terminal } from './terminal.ts';
import { ROOT, world, YAML, type World } from './world.ts';

describe('dcs secrets: look into Doppler and edit it', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(
      `${YAML}secrets: {STRIPE_KEY: {required: [staging], owner: payments}, PORT: {type: number}, GONE: {required: true, owner: ops}}\n`,
    );
  });
  afterEach(() => w.close());

  const set = (name: string, input: string, ...more: string[]) => w.dcs(['secrets', 'set', name, '-e', 'dev', '--yes', ...more], { input });
  const value = async (name: string, config = 'dev'): Promise<string> => {
    const run = await w.dcs(['secrets', 'get', name, '-e', config, '--reveal', '-q']);
    return run.code === 0 ? run.out : `${run.code}`;
  };
  const writes = async () => (await w.journal()).filter(({ cloud, method }) => cloud === 'doppler' && method !== 'GET').length;

  it('sets what stdin holds without its last line end, and files as they are', async () => {
    expect((await set('A', 'one\ntwo\n')).code).to.equal(0);
    expect(await value('A')).to.equal('one\ntwo');
    await writeFile(join(w.project, 'b.pem'), 'b\n\n');
    await writeFile(join(w.project, 'c.pem'), '');
    const both = await w.dcs(['secrets', 'set', 'B', '@b.pem', 'C', '@c.pem', '-e', 'dev', '--yes']);
    expect(both.code, both.err).to.equal(0);
    expect(both.err).to.contain('+ create  B').and.to.contain('+ create  C');
    expect(await value('B')).to.equal('b\n\n');
    expect(await value('C')).to.equal('');
    expect(await writes()).to.equal(2);
    const history = await w.dcs(['history', '--json']);
    expect((history.json()['entries'] as { target: string; outcomes: object }[])[0]).to.deep.include({
      target: 'doppler',
      outcomes: { done: ['B', 'C'] },
    });
  });

  it('asks a person, and shows what is typed to nobody', async () => {
    const shown = terminal(process.execPath, [join(ROOT, 'bin', 'run.js'), 'secrets', 'set', 'TYPED', '-e', 'dev'], {
      cwd: w.project,
      env: w.env,
    });
    await shown.until('Value of TYPED:');
    shown.type('hunter-by-hand\r');
    await shown.until('Write 1 change to dev?');
    shown.type('y\r');
    expect(await shown.ended).to.equal(0);
    expect(shown.shown()).not.to.contain('hunter-by-hand');
    expect(await value('TYPED')).to.equal('hunter-by-hand');
  });

  for (const words of [
    ['A=hunter2'],
    ['A', 'hunter2'],
    ['A', 'HUNTER2'],
    ['A', '@x', 'hunter2'],
    ['hunter2'],
    ['A', '--value=hunter2'],
    ['=hunter2'],
  ])
    it(`refuses a value on the command line and does not repeat it: ${words.join(' ')}`, async () => {
      const run = await w.dcs(['secrets', 'set', ...words, '-e', 'dev', '--yes', '--verbose']);
      expect(run.code).to.equal(64);
      expect(run.out + run.err).not.to.match(/hunter2/i);
      const json = await w.dcs(['secrets', 'set', ...words, '-e', 'dev', '--yes', '--json']);
      expect(json.code).to.equal(64);
      expect(json.out + json.err).not.to.match(/hunter2/i);
      expect(await w.journal()).to.deep.equal([]);
    });

  it('a value where a command should stand is not repeated; the words of the Doppler CLI are answered', async () => {
    for (const words of [
      ['secrets', 'A=hunter2'],
      ['secrets', 'upload', 'A=hunter2'],
      ['sekrets', 'A=hunter2'],
    ]) {
      const run = await w.dcs(words);
      expect(run.out + run.err).not.to.contain('hunter2');
    }
    expect((await w.dcs(['secrets', 'upload', '.env'])).err).to.contain('dcs import FILE');
    expect((await w.dcs(['secrets', 'delete', 'A'])).err).to.contain('dcs secrets unset NAME');
  });

  it('writes nothing without consent, and to a protected environment only with -e and --yes', async () => {
    const asked = await w.dcs(['secrets', 'set', 'A', '-e', 'dev'], { input: 'x' });
    expect([asked.code, asked.err.includes('+ create  A')]).to.deep.equal([7, true]);
    const byVariable = await w.dcs(['secrets', 'set', 'A', '--yes'], { input: 'x', env: { DCS_ENV: 'prod' } });
    expect(byVariable.code).to.equal(7);
    expect(byVariable.err).to.contain('prod is protected').and.to.contain('dcs secrets set A -e prod --yes');
    expect((await w.dcs(['secrets', 'unset', 'STRIPE_KEY', '--yes'], { env: { DCS_ENV: 'prod' } })).code).to.equal(7);
    expect((await w.dcs(['secrets', 'set', 'A', '-e', 'dev', '--dry-run'], { input: 'x' })).code).to.equal(0);
    expect((await w.dcs(['secrets', 'unset', 'STRIPE_KEY', '-e', 'dev', '--dry-run'])).code).to.equal(0);
    expect(await writes()).to.equal(0);
    expect((await w.dcs(['secrets', 'set', 'A', '-e', 'prod', '--yes'], { input: 'x' })).code).to.equal(0);
  });

  it('an edit between plan and write is a CONFLICT, and stays', async () => {
    const edited = await meanwhile(
      w,
      () => set('STRIPE_KEY', 'ours'),
      () => w.doppler('dev', { STRIPE_KEY: 'theirs' }),
    );
    expect(edited.code, edited.out + edited.err).to.equal(6);
    expect(edited.out).to.contain('Somebody edited STRIPE_KEY in Doppler meanwhile');
    expect(edited.out + edited.err)
      .not.to.contain('ours')
      .and.not.to.contain('theirs');
    expect(await value('STRIPE_KEY')).to.equal('theirs');

    const made = await meanwhile(
      w,
      () => set('BRAND_NEW', 'ours'),
      () => w.doppler('dev', { BRAND_NEW: 'theirs' }),
    );
    expect(made.code).to.equal(6);
    expect(await value('BRAND_NEW')).to.equal('theirs');

    const kept = await meanwhile(
      w,
      () => w.dcs(['secrets', 'unset', 'BRAND_NEW', '-e', 'dev', '--yes']),
      () => w.doppler('dev', { BRAND_NEW: 'newer' }),
    );
    expect(kept.code, kept.err).to.equal(6);
    expect(await value('BRAND_NEW')).to.equal('newer');

    // Somebody else's other name is no reason.
    const apart = await meanwhile(
      w,
      () => set('A', 'ours'),
      () => w.doppler('dev', { OTHER: 'theirs' }),
    );
    expect(apart.code, apart.err).to.equal(0);
    expect([await value('A'), await value('OTHER')]).to.deep.equal(['ours', 'theirs']);
  });

  it('a lost answer is read back, and is no failure when the value arrived', async () => {
    await w.post('/_sandbox/faults', { cloud: 'doppler', route: 'POST /v3/configs/config/secrets', kind: 'reset-after-commit' });
    const run = await set('A', 'x');
    expect(run.code, run.out + run.err).to.equal(0);
    expect(run.out).to.contain('verified');
    await w.post('/_sandbox/faults', { cloud: 'doppler', route: 'POST /v3/configs/config/secrets', kind: 'reset-after-commit' });
    expect((await w.dcs(['secrets', 'unset', 'A', '-e', 'dev', '--yes'])).code).to.equal(0);
    expect(await value('A')).to.equal('64');
  });

  it('a reference is refused unless it is meant, and then stored as it is', async () => {
    const refused = await set('A', 'x${REDIS_HOST}');
    expect([refused.code, refused.err.includes('--references')]).to.deep.equal([2, true]);
    expect((await set('A', 'x${REDIS_HOST}', '--references')).code).to.equal(0);
    expect(await value('A')).to.equal('xredis.dev.shop.example');
    // A text that equals what the reference comes to is another value.
    expect((await set('A', 'xredis.dev.shop.example')).err).to.contain('~ update  A');
    await w.doppler('dev', { REDIS_HOST: 'moved' });
    expect(await value('A')).to.equal('xredis.dev.shop.example');
  });

  it('keeps to the types of dcs.yaml', async () => {
    const run = await set('PORT', 'hunter2');
    expect(run.code).to.equal(2);
    expect(run.err).to.contain('PORT is no number').and.not.to.contain('hunter2');
    expect((await set('PORT', '3000')).code).to.equal(0);
  });

  it('list tells names, visibility, owner, last change and note, and no value', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` };
    const note = { method: 'POST', headers, body: JSON.stringify({ project: 'shop', secret: 'STRIPE_KEY', note: 'ask Ana' }) };
    await fetch(`${w.origin}/v3/projects/project/note`, note);
    await w.doppler('stg', { STRIPE_KEY: 'sk-hunter2' });
    const run = await w.dcs(['secrets', 'list', '-e', 'staging']);
    expect(run.code, run.err).to.equal(0);
    expect(run.out).to.match(/STRIPE_KEY\s+masked\s+payments\s+\S.*, You\s+ask Ana/);
    expect(run.out)
      .to.match(/REDIS_URL .*made from others/)
      .and.to.match(/GONE\s+-\s+ops\s+-\s+! missing: dcs.yaml requires it/);
    expect(run.out).not.to.contain('hunter2');
    const json = (await w.dcs(['secrets', 'list', '-e', 'staging', '--json'])).json();
    const stripe = (json['secrets'] as Record<string, unknown>[]).find(({ name }) => name === 'STRIPE_KEY');
    expect(stripe).to.include({ visibility: 'masked', owner: 'payments', note: 'ask Ana', state: 'value' }).and.not.have.property('value');
  });

  it('values only with --reveal, in CI also with --allow reveal; get prints the value alone', async () => {
    expect((await w.dcs(['secrets', 'list', '-e', 'dev', '--reveal'])).out).to.contain('sandbox-stripe-key-of-dev');
    expect(await value('STRIPE_KEY')).to.equal('sandbox-stripe-key-of-dev');
    const CI = { env: { CI: 'true', GITHUB_ACTIONS: 'true' } };
    for (const words of [['list'], ['get', 'STRIPE_KEY']]) {
      const run = await w.dcs(['secrets', ...words, '-e', 'dev', '--reveal'], CI);
      expect([run.code, run.out]).to.deep.equal([7, '']);
    }
    expect((await w.dcs(['secrets', 'get', 'STRIPE_KEY', '-e', 'dev', '--reveal', '--allow', 'reveal'], CI)).code).to.equal(0);
    const unknown = await w.dcs(['secrets', 'get', 'STRIPE_KEI', '-e', 'dev']);
    expect([unknown.code, unknown.err.includes('did you mean STRIPE_KEY?')]).to.deep.equal([64, true]);
  });

  it('unset deletes the named names only, and says who refers to them, inherits them, requires them', async () => {
    const run = await w.dcs(['secrets', 'unset', 'REDIS_HOST', '-e', 'dev', '--yes']);
    expect(run.code, run.err).to.equal(0);
    expect(run.err).to.contain('REDIS_HOST is part of REDIS_URL').and.to.contain('REDIS_HOST is inherited by dev_personal');
    expect(run.err).to.contain('0 create, 0 update, 1 delete on 1 target; 6 kept');
    const left = (await w.dcs(['secrets', 'list', '-e', 'dev', '--json'])).json()['secrets'] as { name: string; state: string }[];
    expect(left.filter(({ state }) => state !== 'missing')).to.have.length(6);
    expect((await w.dcs(['secrets', 'unset', 'STRIPE_KEY', '-e', 'staging', '--dry-run'])).out).to.contain(
      'dcs.yaml requires STRIPE_KEY (ask payments)',
    );
    expect((await w.dcs(['secrets', 'unset', 'NOBODY', '-e', 'dev', '--yes'])).code).to.equal(64);
  });

  it('a restricted secret is told as withheld, never as empty, and can be set', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SEED.tokens.user}` };
    const change = { name: 'STRIPE_KEY', originalName: 'STRIPE_KEY', value: null, visibility: 'restricted' };
    const body = JSON.stringify({ project: 'shop', config: 'dev', change_requests: [change] });
    expect((await fetch(`${w.origin}/v3/configs/config/secrets`, { method: 'POST', headers, body })).status).to.equal(200);
    const list = await w.dcs(['secrets', 'list', '-e', 'dev', '--reveal']);
    expect(list.out).to.match(/STRIPE_KEY +restricted .*! withheld/);
    expect((await w.dcs(['secrets', 'get', 'STRIPE_KEY', '-e', 'dev', '--reveal'])).code).to.equal(3);
    const run = await set('STRIPE_KEY', 'newer');
    expect(run.code, run.err + run.out).to.equal(0);
    const machine = { env: { DOPPLER_TOKEN: SEED.tokens.dev } };
    expect((await w.dcs(['secrets', 'get', 'STRIPE_KEY', '--reveal', '-q'], machine)).out).to.equal('newer');
    expect((await w.dcs(['secrets', 'list', '-e', 'dev'])).out).to.match(/STRIPE_KEY +restricted/);
    expect((await w.dcs(['secrets', 'unset', 'STRIPE_KEY', '-e', 'dev', '--yes'])).code).to.equal(0);
  });

  it('a token that may only read is told apart, and nothing was written', async () => {
    const run = await w.dcs(['secrets', 'set', 'A', '-e', 'dev', '--yes'], { input: 'x', env: { DOPPLER_TOKEN: SEED.tokens.dev } });
    expect(run.code).to.equal(3);
    expect(run.out + run.err).to.contain('may not write to shop/dev');
  });

  it('canaries: no value in argv, output, errors, history or any file', async function () {
    this.timeout(60_000);
    const canary = `canary-${randomBytes(16).toString('hex')}`;
    const found = new Map<string, string>();
    for (const kind of [undefined, 'html', 'truncate', 'reset-after-commit']) {
      if (kind !== undefined)
        await w.post('/_sandbox/faults', { cloud: 'doppler', route: 'POST /v3/configs/config/secrets', kind, status: 502 });
      for (const more of [['--verbose'], ['--json']]) {
        for (const command of ['set', 'unset']) {
          const input = command === 'set' ? { input: `${canary}${kind}` } : {};
          const run = await w.dcs(['secrets', command, 'CANARY', '-e', 'dev', '--yes', ...more], input);
          found.set(`${command} ${kind} ${more[0]}`, run.out + run.err);
        }
        await set('CANARY', `${canary}again`);
        const list = await w.dcs(['secrets', 'list', '-e', 'dev', ...more]);
        found.set(`list ${kind} ${more[0]}`, list.out + list.err);
      }
    }
    for (const [file, text] of await sinks(w)) found.set(file, text);
    expect(hits([canary], found)).to.deep.equal([]);
  });
});
