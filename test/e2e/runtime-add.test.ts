import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { program } from '../../runtime/test/program.ts';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { ROOT, world, type World } from './world.ts';

/** Of the package in this repository: an app gets what was tested here. */
const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'runtime/package.json'), 'utf8')) as { version: string };
const STRIPE = 'sandbox-stripe-key-of-dev';

describe('dcs runtime add', function () {
  this.timeout(60_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());
  const read = (file: string): Promise<string> => readFile(join(w.project, file), 'utf8');
  /** An app of test/e2e/apps, with a dcs.yaml and what `npm install` would bring. */
  const app = async (name: string): Promise<void> => {
    await cp(join(ROOT, 'test/e2e/apps', name), w.project, { recursive: true });
    await w.yaml('doppler: shop\n');
    await mkdir(join(w.project, 'node_modules'));
    await symlink(join(ROOT, 'runtime'), join(w.project, 'node_modules', 'dcs-runtime'));
    for (const each of ['express', 'fastify']) await symlink(join(ROOT, 'node_modules', each), join(w.project, 'node_modules', each));
  };
  const add = async (type: string, ...words: string[]) => w.dcs(['runtime', 'add', type, ...words]);
  /** Adds it, and again: the second run changes nothing. */
  const added = async (type: string, file: string): Promise<string> => {
    const before = await read(file);
    const first = await add(type, '--yes');
    expect(first.code, first.err).to.equal(0);
    expect(first.err).to.contain(`\n${file}\n`).and.contain(`+     "dcs-runtime": "^${VERSION}"`);
    const after = await read(file);
    expect(after).to.not.equal(before);
    const again = await add(type, '--yes');
    expect(again.code, again.err).to.equal(0);
    expect(again.out).to.contain('Nothing was written');
    expect(await read(file)).to.equal(after);
    return after;
  };
  const compile = async (lib: readonly string[]): Promise<void> => {
    const options = {
      strict: true,
      noEmit: true,
      target: 'es2023',
      module: 'esnext',
      moduleResolution: 'bundler',
      types: lib.includes('dom') ? [] : ['node'],
      lib,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    await writeFile(join(w.project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['src'] }));
    try {
      execFileSync('tsc', ['-p', w.project], { encoding: 'utf8' });
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout);
    }
  };
  const where = (): Record<string, string> => ({ DOPPLER_TOKEN: SEED.tokens.dev, DOPPLER_API_HOST: w.origin });

  it('a Worker: it compiles, builds, starts in workerd and reads a secret', async () => {
    await app('worker');
    expect(await added('cloudflare', 'src/index.ts'))
      .to.contain("withSecrets({ keys: ['STRIPE_KEY'] }, {")
      .and.contain('env.LOG_LEVEL');
    await compile(['es2024', 'dom']);
    const built = await build({ entryPoints: [join(w.project, 'src/index.ts')], bundle: true, format: 'esm', write: false });
    const worker = new Miniflare({
      modules: true,
      compatibilityDate: '2026-06-01',
      script: built.outputFiles[0]!.text,
      bindings: { ...where(), LOG_LEVEL: 'info' },
    });
    try {
      const answer = await worker.dispatchFetch('http://app.example/pay');
      expect(await answer.json()).to.deep.equal({ pathname: '/pay', greeting: `Hello with ${STRIPE}`, level: 'info' });
    } finally {
      await worker.dispose();
    }
  });

  for (const [type, name, file] of [
    ['node', 'express', 'server.cjs'],
    ['gcp-run', 'fastify', 'src/server.ts'],
  ] as const)
    it(`${name}: it starts and reads a secret`, async () => {
      await app(name);
      await added(type, file);
      if (file.endsWith('.ts')) await compile(['es2024']);
      const server = await program([file], w.project, where());
      try {
        expect((await server.get('/')).body).to.deep.equal({ key: STRIPE, level: 'info' });
      } finally {
        await server.stop();
      }
    });

  it('Firebase Functions: they build, start in the functions framework and read a secret', async () => {
    await app('functions');
    // What Google's own package does with a handler is left to test/conformance: it comes with 200 others.
    const v2 = join(w.project, 'functions/node_modules/firebase-functions/v2');
    await mkdir(v2, { recursive: true });
    for (const [name, exported] of Object.entries({
      https: 'onRequest = exports.onCall',
      pubsub: 'onMessagePublished',
      scheduler: 'onSchedule',
    }))
      await writeFile(join(v2, `${name}.js`), `exports.${exported} = (...given) => given.at(-1);`);
    const after = await added('firebase', 'functions/src/index.ts');
    expect(after).to.contain(
      "onRequest({ secrets: ['DOPPLER_TOKEN'] }, withSecrets({ keys: ['STRIPE_KEY'] }, async (req, res, secrets) => {",
    );
    await build({
      bundle: true,
      format: 'cjs',
      platform: 'node',
      packages: 'external',
      entryPoints: [join(w.project, 'functions/src/index.ts')],
      outfile: join(w.project, 'functions/lib/index.js'),
    });
    const framework = join(dirname(createRequire(join(ROOT, 'runtime/')).resolve('@google-cloud/functions-framework')), 'main.js');
    const server = await program([framework, '--target=api'], join(w.project, 'functions'), where());
    try {
      expect((await server.get('/pay')).body).to.deep.equal({ path: '/pay', key: STRIPE });
    } finally {
      await server.stop();
    }
  });

  it('writes nothing without a yes, and says where the app stands', async () => {
    await app('worker');
    const before = [await read('src/index.ts'), await read('package.json')];
    const refused = await add('cloudflare');
    expect(refused.code).to.equal(7);
    expect(refused.err).to.contain('SANDBOX · dev').and.contain('+ export default withSecrets(').and.contain('--yes');
    expect([await read('src/index.ts'), await read('package.json')]).to.deep.equal(before);
  });

  it('--only asks nobody; --json tells what was done', async () => {
    await app('express');
    await w.forget();
    const done = await add('node', '--only', 'SESSION_KEY', '--yes', '--json');
    expect(done.json()).to.deep.include({
      schema: 1,
      type: 'node',
      module: 'dcs-runtime/cloudrun',
      keys: ['SESSION_KEY'],
      files: ['server.cjs', 'package.json'],
    });
    expect(await w.journal()).to.deep.equal([]);
    expect(await read('server.cjs'))
      .to.contain("void initSecrets({ keys: ['SESSION_KEY'] }).then(")
      .and.contain('process.env.STRIPE_KEY');
  });

  it('says what is missing', async () => {
    for (const [type, code, says] of [
      ['cloudflar', 64, 'dcs runtime add cloudflare'],
      ['cloudflare', 2, 'There is no wrangler file here'],
      ['node', 2, 'No module here starts a server'],
    ] as const) {
      const refused = await add(type, '--yes');
      expect(refused.code, refused.err).to.equal(code);
      expect(refused.err).to.contain(says);
    }
    await app('express');
    await rm(join(w.project, 'package.json'));
    expect((await add('node', '--yes', '--only', 'A')).err).to.contain('no package.json');
    await writeFile(join(w.project, 'package.json'), '[]');
    expect((await add('node', '--yes', '--only', 'A')).err).to.contain('package.json is no JSON object');
    await writeFile(join(w.project, 'package.json'), '{"name": "x"}');
    await writeFile(join(w.project, 'server.cjs'), 'app.listen(; // no JavaScript');
    expect((await add('node', '--yes', '--only', 'A')).err).to.contain('server.cjs cannot be read');
    await writeFile(join(w.project, 'server.cjs'), 'app.get("/", () => process.env.OTHER); app.listen(1);');
    expect((await add('node', '--yes')).err)
      .to.contain('has none of the names that server.cjs reads')
      .and.contain('OTHER');
    await writeFile(join(w.project, 'server.cjs'), 'app.listen(process.env.PORT);');
    expect((await add('node', '--yes')).err).to.contain('reads no secret that dcs can see');
  });

  it('means the app of the working directory in a repository of many', async () => {
    const api = join(w.project, 'services/api');
    await cp(join(ROOT, 'test/e2e/apps/express'), api, { recursive: true });
    await cp(join(ROOT, 'test/e2e/apps/fastify'), join(w.project, 'services/web'), { recursive: true });
    await writeFile(join(w.project, 'package.json'), '{"name": "all"}');
    await w.yaml('doppler: shop\n');
    const done = await w.dcs(['runtime', 'add', 'node', '--yes', '--json'], { cwd: api });
    expect(done.json()).to.deep.include({ keys: ['STRIPE_KEY'], files: ['server.cjs', 'package.json'] });
    expect(await read('services/api/server.cjs')).to.contain('initSecrets');
    expect(await read('package.json')).to.equal('{"name": "all"}');
  });

  it('edits the file behind a link, and keeps its mode', async () => {
    await app('express');
    await rename(join(w.project, 'server.cjs'), join(w.project, 'real.cjs'));
    await chmod(join(w.project, 'real.cjs'), 0o755);
    await symlink('real.cjs', join(w.project, 'server.cjs'));
    expect((await add('node', '--yes')).code).to.equal(0);
    expect((await lstat(join(w.project, 'server.cjs'))).isSymbolicLink()).to.equal(true);
    expect((await stat(join(w.project, 'real.cjs'))).mode & 0o777).to.equal(0o755);
    expect(await read('real.cjs')).to.contain('initSecrets');
  });

  it('names the install line of the package manager there is', async () => {
    await app('express');
    await writeFile(join(w.project, 'pnpm-lock.yaml'), '');
    expect((await add('node', '--yes')).out).to.contain('Next  pnpm install');
  });
});
