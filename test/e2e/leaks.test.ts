import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { forms, hits, sinks } from './canaries.ts';
import { world, YAML, type World } from './world.ts';

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
      for (const [file, text] of await sinks(w)) found.set(file, text);
      expect(hits(canaries, found)).to.deep.equal([]);
      expect(found.size).to.be.greaterThan(20);
    });

  it('finds a planted leak in every kind of sink', async () => {
    const { writeFile } = await import('node:fs/promises');
    for (const form of forms(canaries[0]!)) {
      await writeFile(join(w.home, 'leak'), `x${form}y`);
      expect(hits(canaries, await sinks(w))).to.deep.equal([join(w.home, 'leak')]);
      expect(hits(canaries, new Map([['stderr', `error: ${form}`]]))).to.deep.equal(['stderr']);
    }
  });
});
