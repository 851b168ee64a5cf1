import { createDecipheriv, hkdfSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Secret, type Held } from 'dcs-sdk';
import { keptSnapshots, snapshotStore, type SnapshotStore } from '../../src/run/snapshot.ts';

const IDENTITY = 'https://api.doppler.com/shop/dev';
const CANARY = 'canary-8Jq2';

describe('the snapshot of a config', () => {
  let cacheDir: string;
  const store = (token = 'dp.pt.one'): SnapshotStore => snapshotStore({ cacheDir, token, log: () => undefined });
  const file = async (): Promise<string> => join(cacheDir, 'snapshots', (await readdir(join(cacheDir, 'snapshots')))[0]!);
  const secrets = new Map<string, Held>([
    ['__proto__', { state: 'value', secret: new Secret(`${CANARY} é\n`) }],
    ['HIDDEN', { state: 'withheld' }],
    ['OPEN', { state: 'unresolved' }],
  ]);
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'dcs-snapshot-'));
    await store().save({ read: { identity: IDENTITY, version: '"e1"', secrets }, at: 1_000, noPersonalAt: 900 });
  });
  const failure = async (action: Promise<unknown>): Promise<string> => action.then(() => 'none', String);

  it('comes back as it was, for the same token and config only', async () => {
    const back = await store().load(IDENTITY);
    expect(back).to.include({ at: 1_000, noPersonalAt: 900 });
    expect(back!.read.version).to.equal('"e1"');
    const held = back!.read.secrets.get('__proto__');
    expect(held?.state === 'value' && held.secret.reveal()).to.equal(`${CANARY} é\n`);
    expect(back!.read.secrets.get('HIDDEN')).to.deep.equal({ state: 'withheld' });
    expect(await store().load(`${IDENTITY}2`)).to.equal(undefined);
    expect(await failure(store('dp.pt.two').load(IDENTITY))).to.contain('cannot be opened');
  });

  it('shows neither name nor value, to this user alone', async () => {
    const text = await readFile(await file(), 'utf8');
    expect(text).to.not.contain(CANARY).and.not.contain('HIDDEN').and.not.contain('dp.pt');
    expect((await stat(await file())).mode & 0o777).to.equal(0o600);
    expect((await stat(join(cacheDir, 'snapshots'))).mode & 0o777).to.equal(0o700);
  });

  it('notices every altered byte', async function () {
    this.timeout(60_000);
    const path = await file();
    const whole = await readFile(path);
    for (let at = 0; at < whole.length; at++) {
      const altered = Buffer.from(whole);
      altered[at] = altered[at]! ^ 1;
      await writeFile(path, altered);
      const back = await store()
        .load(IDENTITY)
        .catch(() => 'refused' as const);
      // A bit that base64 does not use, or a space of JSON, changes nothing.
      if (back !== 'refused')
        expect(JSON.stringify([back?.at, back?.read.version]), `byte ${at}`).to.equal(JSON.stringify([1_000, '"e1"']));
    }
    for (const length of [0, 1, 10, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, length));
      expect(await failure(store().load(IDENTITY)), `length ${length}`).to.contain('cannot be opened');
    }
  });

  it('cannot be made to look younger or to be of another config', async () => {
    const path = await file();
    const sealed = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    for (const forged of [{ at: 9_999_999_999_999 }, { identity: 'https://api.doppler.com/shop/prd' }, { version: 0 }]) {
      await writeFile(path, JSON.stringify({ ...sealed, ...forged }));
      expect(await failure(store().load(IDENTITY)), JSON.stringify(forged)).to.contain('cannot be opened');
    }
  });

  it('opens by the documented recipe: HKDF-SHA256 of the token, AES-256-GCM, bound to identity, version and time', async () => {
    const { identity, version, at, salt, iv, tag, sealed } = JSON.parse(await readFile(await file(), 'utf8')) as Record<string, string>;
    const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
    const key = Buffer.from(hkdfSync('sha256', 'dp.pt.one', bytes(salt!), 'dcs snapshot 1', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(iv!));
    decipher.setAAD(Buffer.from(`${identity}|${version}|${at}`)).setAuthTag(bytes(tag!));
    const plain = Buffer.concat([decipher.update(bytes(sealed!)), decipher.final()]).toString();
    expect(plain).to.contain(CANARY);
  });

  it('is listed without a token, and a disk that refuses costs no run', async () => {
    expect(await keptSnapshots(cacheDir)).to.deep.equal([{ identity: IDENTITY, at: 1_000, file: await file() }]);
    await writeFile(await file(), 'damaged');
    expect((await keptSnapshots(cacheDir))[0]).to.include({ identity: 'damaged' });
    const said: string[] = [];
    const blocked = join(cacheDir, 'blocked');
    await writeFile(blocked, '');
    await snapshotStore({ cacheDir: blocked, token: 't', log: (line) => void said.push(line) }).save({
      read: { identity: IDENTITY, version: 'v', secrets },
      at: 1,
    });
    expect(said).to.have.length(1);
  });
});
