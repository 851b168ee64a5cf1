import { expect } from 'chai';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyringItem } from '../../src/credentials/keyring.ts';
import { credentialStore, type CredentialStore } from '../../src/credentials/store.ts';
import { failure } from '../doppler/server.ts';

describe('the tokens dcs login keeps', () => {
  let root: string;
  const store = (item?: KeyringItem): CredentialStore =>
    credentialStore({ config: join(root, 'config'), state: join(root, 'state'), keyring: async () => item, log: () => undefined });
  const memory = (): KeyringItem => {
    let held: string | undefined;
    return {
      get: async () => held,
      set: async (value) => void (held = value),
      delete: async () => {
        const there = held !== undefined;
        held = undefined;
        return there;
      },
    };
  };
  const files = async (): Promise<string[]> =>
    (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  beforeEach(async () => (root = await mkdtemp(join(tmpdir(), 'dcs-store-'))));
  afterEach(() => rm(root, { recursive: true }));

  it('keeps, finds and forgets in an encrypted file where there is no keyring', async () => {
    expect(await store().kept('doppler')).equal(undefined);
    expect(await store().keep('doppler', 'dp.ct.hunter2ä')).equal('encrypted file');
    expect(await store().kept('doppler')).equal('dp.ct.hunter2ä');
    expect(await store().kept('cloudflare')).equal(undefined);
    const written = await files();
    expect(written).length(2);
    for (const file of written) {
      expect((await readFile(file, 'utf8')).includes('hunter2')).equal(false);
      expect((await stat(file)).mode & 0o777).equal(0o600);
    }
    expect((await stat(join(root, 'config', 'credentials'))).mode & 0o777).equal(0o700);
    expect(await store().forget('doppler')).equal(true);
    expect(await store().forget('doppler')).equal(false);
    expect(await store().kept('doppler')).equal(undefined);
  });

  it('replaces a token', async () => {
    await store().keep('doppler', 'one');
    await store().keep('doppler', 'two');
    expect(await store().kept('doppler')).equal('two');
  });

  it('agrees on one key when two logins run at once', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((service) => store().keep(service, `token-${service}`)));
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((service) => store().kept(service)))).deep.equal([
      'token-a',
      'token-b',
      'token-c',
      'token-d',
    ]);
  });

  it('refuses a file that was edited, swapped or lost its key', async () => {
    const file = (service: string): string => join(root, 'config', 'credentials', `${service}.json`);
    await store().keep('doppler', 'one');
    await store().keep('cloudflare', 'two');
    await copyFile(file('cloudflare'), file('doppler'));
    expect((await failure(store().kept('doppler'))).code).equal('AUTH');
    await writeFile(file('doppler'), '{"iv":1}');
    expect((await failure(store().kept('doppler'))).code).equal('AUTH');
    await rm(join(root, 'state', 'credentials.key'));
    expect((await failure(store().kept('cloudflare'))).code).equal('AUTH');
    expect(await store().forget('cloudflare')).equal(true);
  });

  it('prefers the keyring, and leaves no file behind', async () => {
    await store().keep('doppler', 'in the file');
    const item = memory();
    expect(await store(item).keep('doppler', 'in the keyring')).equal('OS keyring');
    expect((await files()).some((file) => file.endsWith('doppler.json'))).equal(false);
    expect(await store(item).kept('doppler')).equal('in the keyring');
    expect(await store(item).forget('doppler')).equal(true);
    expect(await store(item).kept('doppler')).equal(undefined);
  });

  it('falls back to the file when the keyring fails, and tells a delete that fails', async () => {
    const broken: KeyringItem = { ...memory(), set: () => Promise.reject(new Error('locked')) };
    expect(await store(broken).keep('doppler', 'x')).equal('encrypted file');
    expect(await store(broken).kept('doppler')).equal('x');
    const stuck: KeyringItem = { ...memory(), get: async () => 'x', delete: () => Promise.reject(new Error('locked')) };
    expect((await failure(store(stuck).forget('doppler'))).message).equal('locked');
  });

  it('takes no path for a service', async () => {
    expect((await failure(store().keep('../evil', 'x'))).message).contain('no name');
  });
});
