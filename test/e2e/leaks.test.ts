import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { world, YAML, type World } from './world.ts';

const forms = (canary: string): string[] => [
  canary,
  Buffer.from(canary).toString('base64').replace(/=+$/, ''),
  Buffer.from(canary).toString('hex'),
  encodeURIComponent(canary),
];

describe('canaries: no value in any output, error or file', () => {
  let w: World;
  const canaries = Array.from({ length: 4 }, () => `canary-${randomBytes(16).toString('hex')}`);
  beforeEach(async () => {
    w = await world();
    // One fits, three do not and say why.
    await w.yaml(`${YAML}    transform: {CANARY_0: base64-encode, CANARY_1: base64-decode, CANARY_2: {json: .x}, CANARY_3: {yaml: .x}}\n`);
    await w.doppler('stg', Object.fromEntries(canaries.map((canary, index) => [`CANARY_${index}`, canary])));
  });
  afterEach(() => w.close());

  async function sinks(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const folder of [w.home, w.project])
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) found.set(join(entry.parentPath, entry.name), await readFile(join(entry.parentPath, entry.name), 'latin1'));
    return found;
  }

  const hits = (found: ReadonlyMap<string, string>): string[] =>
    [...found].filter(([, text]) => canaries.some((canary) => forms(canary).some((form) => text.includes(form)))).map(([sink]) => sink);

  for (const fault of [
    undefined,
    { kind: 'html', status: 502 },
    { kind: 'truncate' },
    { kind: 'reset-after-commit' },
    { kind: 'status', status: 401 },
    { kind: 'status', status: 500 },
  ])
    it(`with ${fault ? `${fault.kind} ${fault.status ?? ''}`.trim() : 'no fault'}`, async function () {
      this.timeout(120_000);
      const found = new Map<string, string>();
      for (const [index, command] of [
        ['diff', '-e', 'staging'],
        ['sync', '-e', 'staging', '--yes'],
        ['status'],
        ['doctor'],
        ['env', '-e', 'staging'],
        ['types', '-e', 'staging'],
        ['whoami'],
        ['config', 'show'],
      ].entries()) {
        if (fault) await w.post('/_sandbox/faults', { cloud: index % 2 === 0 ? 'doppler' : 'cloudflare', ...fault });
        for (const more of [['--verbose'], ['--json']]) {
          const { out, err } = await w.dcs([...command, ...more]);
          found.set(`${command.join(' ')} ${more[0]} stdout`, out).set(`${command.join(' ')} ${more[0]} stderr`, err);
        }
      }
      for (const [file, text] of await sinks()) found.set(file, text);
      expect(hits(found)).to.deep.equal([]);
      expect(found.size).to.be.greaterThan(20);
    });

  it('finds a planted leak in every kind of sink', async () => {
    const { writeFile } = await import('node:fs/promises');
    for (const form of forms(canaries[0]!)) {
      await writeFile(join(w.home, 'leak'), `x${form}y`);
      expect(hits(await sinks())).to.deep.equal([join(w.home, 'leak')]);
      expect(hits(new Map([['stderr', `error: ${form}`]]))).to.deep.equal(['stderr']);
    }
  });
});
