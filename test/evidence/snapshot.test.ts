import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Secret, type Held } from 'dcs-sdk';
import { keptSnapshots, snapshotStore, type SnapshotStore } from '../../src/run/snapshot.ts';
import { evidence, sized, stopwatch } from './evidence.ts';

const IDENTITY = 'https://api.doppler.com/shop/dev';
const TOKEN = 'dp.st.dev.0123456789abcdefghij';
const OPENER = fileURLToPath(new URL('open-snapshot.py', import.meta.url));

describe('the sealed snapshot, at size', function () {
  this.timeout(7_200_000);
  const cacheDir = mkdtempSync(join(tmpdir(), 'dcs-sealed-'));
  const store = (token = TOKEN): SnapshotStore => snapshotStore({ cacheDir, token, log: () => undefined });
  const secrets = new Map<string, Held>([
    ['STRIPE_KEY', { state: 'value', secret: new Secret('canary é\n') }],
    ['__proto__', { state: 'value', secret: new Secret('') }],
    ['HIDDEN', { state: 'withheld' }],
  ]);
  let file: string;
  let whole: Buffer;
  before(async () => {
    await store().save({ read: { identity: IDENTITY, version: 'e1', secrets }, at: 1000 });
    file = (await keptSnapshots(cacheDir))[0]!.file;
    whole = readFileSync(file);
  });

  /** What is read of these bytes, as text; undefined: they are refused. */
  const read = async (bytes: Buffer, token = TOKEN): Promise<string | undefined> => {
    writeFileSync(file, bytes);
    try {
      const found = (await store(token).load(IDENTITY))!;
      const held = [...found.read.secrets].map(([name, one]) => [name, one.state === 'value' ? one.secret.reveal() : one.state]);
      return JSON.stringify([found.read.identity, found.read.version, found.at, held]);
    } catch (error) {
      expect((error as { code?: string }).code).to.equal('AUTH');
      return undefined;
    }
  };

  it('never reads as something else, whichever bit is turned; and opens for its own token alone', async () => {
    const seconds = stopwatch();
    const right = await read(whole);
    expect(right).to.contain('canary');
    const step = sized(7, 1);
    let turned = 0;
    let harmless = 0;
    for (let bit = 0; bit < whole.length * 8; bit += step) {
      const altered = Buffer.from(whole);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      const found = await read(altered);
      // A bit that base64 does not use says the same.
      if (found !== undefined) expect(found, `bit ${bit}`).to.equal(right);
      turned++;
      if (found !== undefined) harmless++;
    }
    expect(harmless).to.be.below(40);
    for (let length = 0; length < whole.length; length += step)
      expect(await read(whole.subarray(0, length)), `${length}`).to.equal(undefined);
    for (const token of ['', 'dp', `${TOKEN} `, TOKEN.toUpperCase(), TOKEN.slice(1)]) expect(await read(whole, token)).to.equal(undefined);

    const opened = (bytes: Buffer, token: string): string =>
      spawnSync('python3', [OPENER, token], { input: bytes, encoding: 'utf8' }).stdout;
    const plain = JSON.parse(opened(whole, TOKEN)) as { version: string; entries: unknown };
    expect(plain.version).to.equal('e1');
    expect(plain.entries).to.deep.equal([
      ['STRIPE_KEY', 'value', 'canary é\n'],
      ['__proto__', 'value', ''],
      ['HIDDEN', 'withheld'],
    ]);
    const fields = JSON.parse(whole.toString()) as Record<string, unknown>;
    const planted = [
      { ...fields, at: 2000 },
      { ...fields, identity: `${IDENTITY}2` },
      { ...fields, tag: Buffer.alloc(16).toString('base64') },
    ].map((one) => Buffer.from(JSON.stringify(one)));
    const caught = planted.filter((bytes) => opened(bytes, TOKEN) === '').length + Number(opened(whole, `${TOKEN}x`) === '');
    expect(caught).to.equal(planted.length + 1);
    evidence(26, {
      figure: `${turned.toLocaleString('en')} bits turned, ${harmless} of them without a meaning in base64, every other one refused; ${whole.length} cuts refused; opened by a program in Python that knows docs/running.md alone`,
      met: true,
      seconds: seconds(),
      planted: planted.length + 1,
      caught,
    });
  });
});
