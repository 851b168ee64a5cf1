import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { wanted } from '../../src/plugins/names.ts';
import { npmEnv } from '../../src/plugins/npm-env.ts';
import { registryOf } from '../../src/plugins/npmrc.ts';

describe('the registry that npm would ask', () => {
  let home: string;
  const npmrc = (text: string): Promise<void> => writeFile(join(home, '.npmrc'), text);
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'dcs-npmrc-'));
  });

  it('is the public one, that of the file, of a scope, or of DCS_NPM_REGISTRY, in this order', async () => {
    expect(await registryOf('dcs-plugin-x', {}, home)).to.deep.equal({ url: 'https://registry.npmjs.org/' });
    await npmrc('; a comment\nregistry = https://npm.acme.example/all\n@acme:registry="https://own.acme.example/"\n');
    expect((await registryOf('dcs-plugin-x', {}, home)).url).to.equal('https://npm.acme.example/all/');
    expect((await registryOf('@acme/x', { DCS_NPM_REGISTRY: 'https://other.example' }, home)).url).to.equal('https://own.acme.example/');
    expect((await registryOf('dcs-plugin-x', { DCS_NPM_REGISTRY: 'https://other.example' }, home)).url).to.equal('https://other.example/');
  });

  it('gets the token of its own place, of the longest path, and of no other', async () => {
    await npmrc('//npm.acme.example/:_authToken=outer\n//npm.acme.example/all/:_authToken=inner\nregistry=https://npm.acme.example/all/\n');
    expect((await registryOf('x', {}, home)).authorization).to.equal('Bearer inner');
    expect((await registryOf('x', { DCS_NPM_REGISTRY: 'https://npm.acme.example/' }, home)).authorization).to.equal('Bearer outer');
    expect((await registryOf('x', { DCS_NPM_REGISTRY: 'https://npm.acme.example.evil.example/' }, home)).authorization).to.equal(undefined);
  });

  it('gets no variable that npm does not get', async () => {
    await npmrc('//registry.npmjs.org/:_authToken=${DOPPLER_TOKEN}\n');
    expect((await registryOf('x', { DOPPLER_TOKEN: 'dp.st.secret' }, home)).authorization).to.equal('Bearer ${DOPPLER_TOKEN}');
    await npmrc('//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n');
    expect((await registryOf('x', { NPM_TOKEN: 'npm_x' }, home)).authorization).to.equal('Bearer npm_x');
  });

  it('is refused with a login in its address, which npm would show in argv', async () => {
    const error = await registryOf('x', { DCS_NPM_REGISTRY: 'https://me:pa55@npm.acme.example/all/' }, home).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({ code: 'CONFIG', message: 'The address of the npm registry npm.acme.example holds a login.' });
    expect(JSON.stringify(error)).to.contain('https://npm.acme.example/all/').and.not.contain('pa55');
  });

  it('is refused without encryption, but for this machine', async () => {
    for (const url of ['http://registry.npmjs.org', 'ftp://x', 'nothing'])
      expect(await registryOf('x', { DCS_NPM_REGISTRY: url }, home).catch((error: { code: string }) => error.code), url).to.equal('CONFIG');
    expect((await registryOf('x', { DCS_NPM_REGISTRY: 'http://127.0.0.1:4873' }, home)).url).to.equal('http://127.0.0.1:4873/');
  });
});

describe('the environment of npm', () => {
  it('has what npm needs, and none of what others are to keep', () => {
    const kept = { PATH: '/bin', HOME: '/home', https_proxy: 'http://proxy', NPM_TOKEN: 'n', npm_config_cache: '/c' };
    const others = [
      'DOPPLER_TOKEN',
      'CLOUDFLARE_API_TOKEN',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'NEON_API_KEY',
      'AWS_SECRET_ACCESS_KEY',
      'GITHUB_TOKEN',
    ];
    const more = [
      'DCS_LEDGER_KEY',
      'NODE_OPTIONS',
      'npm_config_ignore_scripts',
      'npm_config_script_shell',
      'npm_config_registry',
      'MY_PATH',
      'PATH_TOKEN',
    ];
    expect(npmEnv({ ...kept, ...Object.fromEntries([...others, ...more].map((name) => [name, 'x'])) })).to.deep.equal(kept);
  });
});

describe('the name of a plugin', () => {
  for (const [word, name, version] of [
    ['neon', 'dcs-plugin-neon'],
    ['Neon', 'dcs-plugin-neon'],
    ['neon@1.2.3', 'dcs-plugin-neon', '1.2.3'],
    ['dcs-plugin-fly@next', 'dcs-plugin-fly', 'next'],
    ['@acme/dcs-plugin-x@1.0.0-beta.1', '@acme/dcs-plugin-x', '1.0.0-beta.1'],
  ] as const)
    it(`${word} is ${name}`, () => {
      expect(wanted(word)).to.deep.equal({ kind: 'package', name, ...(version === undefined ? {} : { version }) });
    });
  for (const word of [
    '',
    'dcs-plugin-',
    'neon@',
    'neon@^1.0.0',
    'neon@*',
    'a b',
    '../x',
    'x/..',
    '__proto__/x',
    '@acme',
    '@acme/',
    'npm:neon',
    'neon@npm:evil',
    'neon@https://x/y.tgz',
    'C:\\x',
    'né',
  ])
    it(`${JSON.stringify(word)} is none`, () => {
      expect(() => wanted(word)).to.throw();
    });
});
