import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

describe('the user file', () => {
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
    await mkdir(join(w.home, 'config', 'dcs'), { recursive: true });
  });
  after(() => w.close());
  const user = (text: string): Promise<void> => writeFile(join(w.home, 'config', 'dcs', 'config.yaml'), text);
  const whoami = (env: Record<string, string | undefined>) =>
    w.dcs(['whoami', 'doppler', '--json'], { env: { DOPPLER_TOKEN: undefined, ...env } });
  const from = (ran: { json(): Record<string, unknown> }): unknown => (ran.json()['services'] as { from: string | null }[])[0]!.from;
  const TOKEN = (): string => w.env['DOPPLER_TOKEN']!;

  it('picks the token by directory, by git owner, and for files of the first version', async () => {
    for (const text of [
      `identities: {work: {directory: ${w.project}, doppler: WORK}, other: {directory: /, doppler: NOPE}}`,
      'identities: {work: {owner: Acme, doppler: WORK}}',
      'identity_mappings: {acme: WORK}',
    ]) {
      await writeFile(join(w.project, '.git', 'config'), '[remote "origin"]\n  url = git@github.com:acme/shop.git\n');
      await user(text);
      const ran = await whoami({ WORK: TOKEN() });
      expect(ran.code, ran.err + ran.out).to.equal(0);
      expect(from(ran)).to.match(/^identity (work|acme)$/);
      expect(from(await whoami({ WORK: 'dp.pt.wrong', DOPPLER_TOKEN: TOKEN() }))).to.equal('DOPPLER_TOKEN');
      const run = await w.dcs(['diff', '-e', 'staging'], { env: { DOPPLER_TOKEN: undefined } });
      expect(run.code).to.equal(3);
      expect(run.err).to.contain('WORK is not set: the identity');
    }
    await user('identities: {work: {owner: somebody, doppler: WORK}, away: {directory: /elsewhere, doppler: WORK}}');
    expect(from(await whoami({ WORK: TOKEN() }))).to.equal(null);
  });

  it('picks the token and the account of a cloud too, and whoami shows what wins over what', async () => {
    await user(`identities: {work: {directory: ${w.project}, cloudflare: {token: WORK_CF, account: 7f3ac0de51b84c2f9e60a1d2b3c4d5e6}}}`);
    const mine = w.env['CLOUDFLARE_API_TOKEN']!;
    const who = async (env: Record<string, string | undefined>) => {
      const ran = await w.dcs(['whoami', 'cloudflare', '--json'], { env: { CLOUDFLARE_API_TOKEN: undefined, ...env } });
      return [
        ran.code,
        ...(ran.json()['services'] as { from: string | null; beats: string[] }[]).map(({ from: origin, beats }) => ({ origin, beats })),
      ];
    };
    expect(await who({ WORK_CF: mine })).to.deep.equal([0, { origin: 'identity work', beats: [] }]);
    const kept = await w.dcs(['login', 'cloudflare'], { input: mine });
    expect(kept.code, kept.err).to.equal(0);
    expect(await who({ WORK_CF: mine })).to.deep.equal([0, { origin: 'identity work', beats: ['dcs login'] }]);
    expect(await who({ WORK_CF: 'wrong', CLOUDFLARE_API_TOKEN: mine })).to.deep.equal([
      0,
      { origin: 'CLOUDFLARE_API_TOKEN', beats: ['identity work', 'the token kept by dcs login'] },
    ]);

    const sync = (env: Record<string, string | undefined>, ...words: string[]) =>
      w.dcs(['sync', '-e', 'staging', ...words], { env: { CLOUDFLARE_API_TOKEN: undefined, ...env } });
    // Whose credential is named, nobody else's is taken, a kept one neither.
    const unset = await sync({}, '--yes');
    expect([unset.code, unset.out.includes('WORK_CF is not set: the identity work')]).to.deep.equal([3, true]);
    const wrong = await sync({ WORK_CF: 'wrong' }, '--yes');
    expect(wrong.code).to.equal(3);
    expect(wrong.out + wrong.err)
      .to.contain('refused the token')
      .and.not.contain('unset CLOUDFLARE_API_TOKEN');
    expect((await sync({ WORK_CF: mine }, '--dry-run')).code).to.equal(0);

    // Programs get the shell as it is.
    const print = [
      'run',
      '--no-mask',
      '-q',
      '--',
      process.execPath,
      '-p',
      '[process.env.CLOUDFLARE_API_TOKEN, process.env.CLOUDFLARE_ACCOUNT_ID]',
    ];
    const ran = await w.dcs(print, { env: { CLOUDFLARE_API_TOKEN: undefined, WORK_CF: mine } });
    expect(ran.out.trim()).to.equal('[ undefined, undefined ]');
    expect((await w.dcs(['logout', 'cloudflare'])).code).to.equal(0);

    const folder = join(w.home, 'elsewhere');
    await mkdir(folder);
    await writeFile(join(folder, 'wrangler.jsonc'), '{"name": "shop-api"}');
    await user(`identities: {away: {directory: ${folder}, cloudflare: {account: 0123456789abcdef0123456789abcdef}}}`);
    expect((await w.dcs(['init', '--yes'], { cwd: folder })).code).to.equal(0);
    expect(await readFile(join(folder, 'dcs.yaml'), 'utf8')).to.contain('0123456789abcdef0123456789abcdef');
  });

  it('is strict, names the place, and never shows what stands in it', async () => {
    for (const [text, place, says] of [
      ['identites: {}', 'config.yaml:1:1', 'did you mean "identities"'],
      ['identities:\n  work: {owner: acme, doppler: dp.pt.canary}', 'config.yaml:2:23', 'never the token'],
      ['identities: {work: {doppler: A}}', 'config.yaml:1:14', 'needs an owner or a directory'],
      ['defaults: {strict: canary}', 'config.yaml:1:12', 'true or false'],
      ['- canary', 'config.yaml', 'map'],
    ] as const) {
      await user(text);
      const ran = await w.dcs(['context']);
      expect(ran.code, text).to.equal(2);
      expect(ran.err).to.contain(place).and.contain(says).and.not.contain('canary');
    }
  });

  it('has defaults that the team’s file beats', async () => {
    await user('defaults: {strict: true}');
    const strict = () => w.dcs(['status', '-e', 'staging', '--exit-code']).then(({ code }) => code);
    expect(await strict(), 'never synced is behind').to.equal(2);
    await w.yaml(`${YAML}defaults: {strict: false}\n`);
    expect(await strict()).to.equal(0);
    await w.yaml(YAML);
  });

  it('names the project that dcs init looks for', async () => {
    await user('defaults: {doppler_project_prefix: sh}');
    const folder = join(w.home, 'op');
    await mkdir(folder);
    const ran = await w.dcs(['init', '--yes'], { cwd: folder });
    expect(ran.code, ran.err).to.equal(0);
    expect(ran.err).to.contain('project shop');
    await user('templates_dir: ~/templates');
    expect((await w.dcs(['diff', '-e', 'staging'])).err).to.contain('templates_dir: is read by nothing');
    await rm(join(w.home, 'config', 'dcs', 'config.yaml'));
  });
});
