import { expect } from 'chai';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyringItem } from '../../src/credentials/keyring.ts';
import { credentialStore, type CredentialStore, type Kept } from '../../src/credentials/store.ts';
import { failure } from '../doppler/server.ts';

const at = (service: string, endpoint = 'https://api.example.com'): Kept => ({ service, endpoint });

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
    expect(await store().kept(at('doppler'))).equal(undefined);
    expect(await store().keep(at('doppler'), 'dp.ct.hunter2ä')).equal('encrypted file');
    expect(await store().kept(at('doppler'))).equal('dp.ct.hunter2ä');
    expect(await store().kept(at('cloudflare'))).equal(undefined);
    const written = await files();
    expect(written).length(2);
    for (const file of written) {
      expect((await readFile(file, 'utf8')).includes('hunter2')).equal(false);
      expect((await stat(file)).mode & 0o777).equal(0o600);
    }
    expect((await stat(join(root, 'config', 'credentials'))).mode & 0o777).equal(0o700);
    expect(await store().forget(at('doppler'))).equal(true);
    expect(await store().forget(at('doppler'))).equal(false);
    expect(await store().kept(at('doppler'))).equal(undefined);
  });

  it('gives a token to the host it was kept for, and to no other', async () => {
    await store().keep(at('doppler'), 'one');
    expect(await store().kept(at('doppler', 'https://evil.example'))).equal(undefined);
    expect(await store().kept(at('doppler', 'http://127.0.0.1:4000'))).equal(undefined);
    await store().keep(at('doppler', 'http://127.0.0.1:4000/v3'), 'sandbox');
    expect(await store().kept(at('doppler', 'http://127.0.0.1:4000'))).equal('sandbox');
    expect(await store().kept(at('doppler'))).equal('one');
  });

  it('replaces a token', async () => {
    await store().keep(at('doppler'), 'one');
    await store().keep(at('doppler'), 'two');
    expect(await store().kept(at('doppler'))).equal('two');
  });

  it('agrees on one key when logins run at once', async () => {
    const services = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (let round = 0; round < 200; round++) {
      await Promise.all(services.map((service) => store().keep(at(service), `token-${service}`)));
      expect(await Promise.all(services.map((service) => store().kept(at(service))))).deep.equal(
        services.map((service) => `token-${service}`),
      );
      await rm(join(root, 'state'), { recursive: true });
    }
  });

  it('refuses a file that was edited, swapped or lost its key', async () => {
    const file = (service: string): string => join(root, 'config', 'credentials', `${service}@api.example.com.json`);
    await store().keep(at('doppler'), 'one');
    await store().keep(at('cloudflare'), 'two');
    await copyFile(file('cloudflare'), file('doppler'));
    expect((await failure(store().kept(at('doppler')))).code).equal('AUTH');
    await writeFile(file('doppler'), '{"iv":1}');
    expect((await failure(store().kept(at('doppler')))).code).equal('AUTH');
    await rm(join(root, 'state', 'credentials.key'));
    expect((await failure(store().kept(at('cloudflare')))).code).equal('AUTH');
    expect(await store().forget(at('cloudflare'))).equal(true);
  });

  it('prefers the keyring, and leaves no file behind', async () => {
    await store().keep(at('doppler'), 'in the file');
    const item = memory();
    expect(await store(item).keep(at('doppler'), 'in the keyring')).equal('OS keyring');
    expect((await files()).some((file) => file.endsWith('doppler@api.example.com.json'))).equal(false);
    expect(await store(item).kept(at('doppler'))).equal('in the keyring');
    expect(await store(item).forget(at('doppler'))).equal(true);
    expect(await store(item).kept(at('doppler'))).equal(undefined);
  });

  it('falls back to the file when the keyring fails, and tells a delete that fails', async () => {
    const broken: KeyringItem = { ...memory(), set: () => Promise.reject(new Error('locked')) };
    expect(await store(broken).keep(at('doppler'), 'x')).equal('encrypted file');
    expect(await store(broken).kept(at('doppler'))).equal('x');
    const stuck: KeyringItem = { ...memory(), get: async () => 'x', delete: () => Promise.reject(new Error('locked')) };
    expect((await failure(store(stuck).forget(at('doppler')))).message).equal('locked');
  });

  it('takes no path for a service', async () => {
    expect((await failure(store().keep(at('../evil'), 'x'))).message).contain('no name');
  });
});
