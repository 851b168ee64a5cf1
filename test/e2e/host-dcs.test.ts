import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ROOT, world, YAML, type Ran, type World } from './world.ts';

/** A plugin's command that runs dcs. */
const COMMAND = `
import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
export default class Child extends DcsCommand {
  static strict = false;
  static flags = { timeout: Flags.integer() };
  async run() {
    const { flags, argv } = await this.parse(Child);
    const host = await this.host();
    const ran = await host.dcs(argv, flags.timeout ? { timeout: flags.timeout } : {});
    return this.out([], { ran, triggers: host.triggers('webhook'), notifications: host.notifications?.channels, trusted: await host.trusted() });
  }
}
`;

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 10_000; !(await holds());) {
    if (Date.now() > end) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
/** Of every process of this machine. */
const commandLines = async (): Promise<readonly string[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
  return stdout.split('\n');
};

describe('what a plugin may ask of the core', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(`${YAML}triggers: [{type: webhook, environment: staging, targets: [api]}]\nnotifications: {ops: {type: slack}}\n`);
    const root = join(w.home, 'plugin');
    await mkdir(join(root, 'lib', 'commands'), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    await writeFile(join(root, 'lib', 'commands', 'child.js'), COMMAND);
    const oclif = { bin: 'dcs', commands: './lib/commands', dcs: { contract: 1 } };
    await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'dcs-plugin-child', version: '0.1.0', type: 'module', oclif }));
    const list = join(w.home, 'data', 'dcs', 'package.json');
    const linked = JSON.parse(await readFile(list, 'utf8')) as { oclif: { plugins: object[] } };
    linked.oclif.plugins.push({ name: 'dcs-plugin-child', type: 'link', root });
    await writeFile(list, JSON.stringify(linked));
  });
  afterEach(() => w.close());
  const child = async (...words: string[]): Promise<Record<string, unknown>> =>
    (await w.dcs(['child', '--json', '--timeout', '3000', '--', ...words])).json();

  it('a run of dcs with its document and exit code, errors too', async () => {
    const { ran } = await child('targets');
    expect(ran).to.have.property('exit', 0);
    expect(ran).to.have.nested.property('document.schema', 1);
    const refused = await child('sync', '-e', 'nowhere');
    expect(refused['ran']).to.have.property('exit', 2);
    expect(refused['ran']).to.have.nested.property('document.error.code', 'CONFIG');
  });

  it('of the very dcs.yaml that is in use, whatever it is called and wherever it lies', async () => {
    await mkdir(join(w.project, 'infra'));
    await writeFile(join(w.project, 'infra', 'other.yaml'), YAML.replace('  api:', '  other:'));
    await writeFile(join(w.project, 'infra', 'dcs.yaml'), YAML);
    const targets = async (ran: Ran): Promise<unknown> =>
      ((ran.json()['ran'] as { document: { targets: { name: string }[] } }).document.targets ?? []).map(({ name }) => name);
    const file = join('infra', 'other.yaml');
    expect(await targets(await w.dcs(['child', '--json', '--config-file', file, '--', 'targets']))).to.deep.equal(['other']);
    expect(await targets(await w.dcs(['child', '--json', '--', 'targets'], { env: { DCS_CONFIG_FILE: file } }))).to.deep.equal(['other']);
  });

  it('which a timeout ends, with all it started', async () => {
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'delay', ms: 20_000 });
    const started = performance.now();
    const { ran } = await child('diff', '-e', 'staging');
    expect(performance.now() - started).to.be.within(3000, 15_000);
    expect(ran).to.have.property('exit').that.is.not.equal(0);
  });

  it('which ends when the one that started it is killed', async () => {
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'delay', ms: 60_000 });
    const killed = await w.dcs(['child', '--', 'diff', '-e', 'staging'], { killAfter: 1500 });
    expect(killed.code).to.equal(null);
    await until(async () => !(await commandLines()).some((line) => line.includes('diff -e staging --json --no-input')));
  });

  it('triggers, notifications and trust of dcs.yaml', async () => {
    const { ran: _ran, ...said } = await child('targets');
    expect(said).to.deep.include({
      triggers: [{ type: 'webhook', environment: 'staging', targets: ['api'] }],
      notifications: { ops: { type: 'slack' } },
      trusted: false,
    });
    await w.dcs(['trust']);
    expect((await child('targets'))['trusted']).to.equal(true);
  });
});
