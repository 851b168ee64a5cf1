import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';

const { exports, dependencies, peerDependencies } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
) as { exports: Record<string, { types: string; default: string }>; dependencies?: object; peerDependencies?: object };

/** What the first version's package exported, entry by entry. */
const FIRST_VERSION: Readonly<Record<string, readonly string[]>> = {
  '.': ['getSecrets', 'refreshSecretsBackground', 'clearSecretsCache'],
  './firebase': ['withSecrets', 'withSecretsCallable', 'prefetchSecrets', 'getPrefetchedSecrets', 'waitForSecrets'],
  './cloudflare': ['withSecrets', 'createFetchHandler', 'loadSecretsFromEnv'],
  './cloudrun': [
    'initSecrets',
    'getSecret',
    'requireSecret',
    'getAllSecrets',
    'isInitialized',
    'refreshSecrets',
    'stopAutoRefresh',
    'reset',
    'secretsMiddleware',
  ],
};

describe('dcs-runtime, the package', () => {
  it('has no dependency', () => {
    expect([dependencies, peerDependencies]).to.deep.equal([undefined, undefined]);
  });

  for (const [plugin, entry] of [
    ['cloudflare', 'cloudflare'],
    ['firebase', 'firebase'],
    ['gcp', 'cloudrun'],
    ['neon', 'neon'],
  ] as const)
    it(`dcs-plugin-${plugin}/runtime is ./${entry}`, async () => {
      const found = (await import(`dcs-plugin-${plugin}/runtime`)) as object;
      expect({ ...found }).to.deep.equal({ ...((await import(`dcs-runtime/${entry}`)) as object) });
    });

  for (const entry of Object.keys(exports)) {
    const module = fileURLToPath(import.meta.resolve(`dcs-runtime${entry.slice(1)}`));

    it(`${entry} is at most 2 KB, minified and packed, and needs Web APIs only`, async () => {
      // `neutral` knows no module of Node: an import of one would fail here.
      const built = await build({
        entryPoints: [module],
        bundle: true,
        minify: true,
        format: 'esm',
        target: 'es2022',
        platform: 'neutral',
        write: false,
      });
      expect(gzipSync(built.outputFiles[0]!.contents, { level: 9 }).length).to.be.at.most(2048);
    });

    // It reads no secrets.
    if (entry === './webhook') continue;
    it(`${entry} exports what the first version did, and one cache with the others`, async () => {
      const found = (await import(module)) as Record<string, unknown>;
      expect(Object.keys(found)).to.include.members([...(FIRST_VERSION[entry] ?? []), 'SecretsError', 'clearSecretsCache']);
      expect(found['clearSecretsCache']).to.equal(((await import('dcs-runtime')) as Record<string, unknown>)['clearSecretsCache']);
    });
  }
});
