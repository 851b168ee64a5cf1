import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { meanwhile } from './meanwhile.ts';
import { ROOT, world, YAML, type World } from './world.ts';

/** A plugin's command: brings the variables FILL_A and FILL_B into Doppler. */
const COMMAND = `
import { Secret } from 'dcs-sdk';
import { DcsCommand, syncFlags } from 'dcs-sdk/command';
export default class Fill extends DcsCommand {
  static flags = { yes: syncFlags.yes, allow: syncFlags.allow };
  async run() {
    const { flags } = await this.parse(Fill);
    const host = await this.host();
    const environment = await host.environment();
    const identity = 'filler:' + (host.env.FILL_FROM ?? 'one');
    const secrets = new Map();
    for (const name of ['FILL_A', 'FILL_B'])
      if (host.env[name]) secrets.set(name, { state: 'value', secret: new Secret(host.env[name]) });
    const source = { title: 'Filler', identity, read: async () => ({ identity, version: String(Math.random()), secrets }) };
    const { lines, json } = await host.sync(source, environment, { from: 'Filler', again: 'dcs fill -e ' + environment.name, allow: flags.allow });
    return this.out(lines, { filled: json });
  }
}
`;

describe("a plugin's source into Doppler: host.sync", () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    const root = join(w.home, 'plugin');
    await mkdir(join(root, 'lib', 'commands'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    await writeFile(join(root, 'lib', 'commands', 'fill.js'), COMMAND);
    const oclif = { bin: 'dcs', commands: './lib/commands', dcs: { contract: 1 } };
    await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'dcs-plugin-fill', version: '0.1.0', type: 'module', oclif }));
    const list = join(w.home, 'data', 'dcs', 'package.json');
    const linked = JSON.parse(await readFile(list, 'utf8')) as { oclif: { plugins: object[] } };
    linked.oclif.plugins.push({ name: 'dcs-plugin-fill', type: 'link', root });
    await writeFile(list, JSON.stringify(linked));
  });
  afterEach(() => w.close());

  const fill = (env: Record<string, string>, ...words: string[]) => w.dcs(['fill', '-e', 'dev', ...words], { env });
  const value = async (name: string) => (await w.dcs(['secrets', 'get', name, '-e', 'dev', '--reveal', '-q'])).out;

  it('plans, asks, writes, reads back, records: what it wrote it may update, a hand edit shows as drift', async () => {
    const refused = await fill({ FILL_A: 'one', FILL_B: 'two' });
    expect(refused.code, refused.err).to.equal(7);
    expect(refused.err).to.contain('+ create  FILL_A').and.to.contain('Doppler shop/dev');
    const first = await fill({ FILL_A: 'one', FILL_B: 'two' }, '--yes');
    expect(first.code, first.err + first.out).to.equal(0);
    expect(first.out).to.contain('2 written, verified');
    expect([await value('FILL_A'), await value('FILL_B')]).to.deep.equal(['one', 'two']);

    const second = await fill({ FILL_A: 'newer', FILL_B: 'two' }, '--yes');
    expect(second.code, second.err).to.equal(0);
    expect(second.err).to.contain('~ update  FILL_A  changed in Filler');
    await w.doppler('dev', { FILL_A: 'by hand' });
    expect((await fill({ FILL_A: 'newer', FILL_B: 'two' }, '--yes')).err).to.contain('FILL_A  changed there, not by dcs (drift)');
    expect(await value('FILL_A')).to.equal('newer');

    const less = await fill({ FILL_A: 'newer' }, '--yes');
    expect(less.code, less.err).to.equal(0);
    expect(less.err).to.contain('0 delete');
    expect(await value('FILL_B')).to.equal('two');
    expect((await w.dcs(['history'])).out).to.contain('2 done: FILL_A, FILL_B');
  });

  it('what another source or a person wrote is overwritten with --allow adopt only', async () => {
    await w.doppler('dev', { FILL_A: 'theirs' });
    const refused = await fill({ FILL_A: 'ours' }, '--yes');
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('Filler never wrote: FILL_A').and.to.contain('dcs fill -e dev --yes --allow adopt');
    expect(await value('FILL_A')).to.equal('theirs');
    expect((await fill({ FILL_A: 'ours' }, '--yes', '--allow', 'adopt')).code).to.equal(0);
    expect((await fill({ FILL_A: 'other', FILL_FROM: 'two' }, '--yes')).code).to.equal(7);
  });

  it('gives one JSON document, and a CONFLICT its exit code', async () => {
    const run = await fill({ FILL_A: 'one' }, '--yes', '--json');
    expect((run.json()['filled'] as { exit: number }).exit).to.equal(0);
    const conflict = await meanwhile(
      w,
      () => fill({ FILL_A: 'two' }, '--yes'),
      () => w.doppler('dev', { FILL_A: 'theirs' }),
    );
    expect(conflict.code, conflict.err + conflict.out).to.equal(6);
    expect(await value('FILL_A')).to.equal('theirs');
    const protectedOne = await w.dcs(['fill', '--yes'], { env: { FILL_A: 'x', DCS_ENV: 'prod' } });
    expect([protectedOne.code, protectedOne.err.includes('dcs fill -e prod --yes')]).to.deep.equal([7, true]);
  });
});
