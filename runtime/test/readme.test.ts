import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { TOKEN, world, type World } from './world.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** The snippets that the first version's README showed, under the name of today's package. */
const FIRST_VERSION: Readonly<Record<string, string>> = {
  firebase: `import { withSecrets } from 'dcs-runtime/firebase';
export const api = withSecrets(
  { keys: ['API_KEY', 'DATABASE_URL'] },
  (req, res, secrets) => {
    const apiKey = secrets.API_KEY;
    res.json({ status: 'ok' });
  }
);`,
  cloudflare: `import { withSecrets } from 'dcs-runtime/cloudflare';
export default withSecrets(
  { keys: ['API_KEY'] },
  {
    async fetch(request, env, secrets, ctx) {
      return new Response(\`Key: \${secrets.API_KEY}\`);
    }
  }
);`,
  cloudrun: `import { initSecrets, getSecret } from 'dcs-runtime/cloudrun';
await initSecrets({ keys: ['API_KEY', 'DATABASE_URL'] });
app.get('/api', (req, res) => {
  const apiKey = getSecret('API_KEY');
  res.json({ status: 'ok' });
});`,
};

const APP = `declare const app: { get(path: string, handle: (req: unknown, res: { json(body: unknown): void }) => void): void };\n`;
const readme = [...readFileSync(join(PACKAGE, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
const snippets = new Map([
  ...Object.entries(FIRST_VERSION).map(([name, code]) => [`first-version-${name}`, code] as const),
  ...readme.map((code, index) => [`readme-${index + 1}`, code] as const),
]);
const withApp = (code: string): string => (code.includes('app.get(') ? APP : '') + code;

describe("dcs-runtime's README and the first version's", function () {
  this.timeout(60_000);
  let folder: string;
  let w: World;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dcs-readme-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(PACKAGE, join(folder, 'node_modules', 'dcs-runtime'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    for (const [name, code] of snippets) writeFileSync(join(folder, `${name}.ts`), withApp(code));
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    w = await world();
    await w.set({ API_KEY: 'the key' });
    Object.assign(process.env, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
  });
  afterEach(async () => {
    for (const name of ['DOPPLER_TOKEN', 'DOPPLER_API_HOST', 'API_KEY']) delete process.env[name];
    await w.close();
  });
  const load = (name: string): Promise<Record<string, unknown>> => import(pathToFileURL(join(folder, `${name}.ts`)).href) as never;

  it('compile', () => {
    const options = {
      strict: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      target: 'es2023',
      module: 'nodenext',
      lib: ['es2024', 'dom'],
      types: [],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    const { stdout, status } = spawnSync('tsc', ['-p', folder], { encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
    expect(snippets.size).to.equal(10);
  });

  for (const name of snippets.keys())
    it(`${name} runs`, async () => {
      const code = snippets.get(name)!;
      if (code.includes('dcs-runtime/cloudflare')) return expect(await inWorkerd(join(folder, `${name}.ts`), w)).to.equal('Key: the key');
      const told: unknown[] = [];
      const res = { json: (body: unknown) => void told.push(body) };
      Object.assign(globalThis, { app: { get: (_path: string, handle: (req: object, res: object) => void) => handle({}, res) } });
      const found = (await load(name)) as Record<string, (...given: unknown[]) => Promise<unknown>>;
      if (found['api']) await found['api']({}, res);
      if (code.includes('res.json')) expect(told[0]).to.include({ status: 'ok' });
      if (found['charge']) expect(await found['charge']({ data: 1 })).to.deep.equal({ charged: true });
      if (found['nightly']) expect(await found['nightly']({ scheduleTime: 'now' })).to.equal(undefined);
      if (code.includes('loadSecrets')) expect(process.env['API_KEY']).to.equal('the key');
      expect(w.asked()).to.have.length.above(0);
    });
});

async function inWorkerd(file: string, w: World): Promise<string> {
  const built = await build({ entryPoints: [file], bundle: true, format: 'esm', write: false });
  const worker = new Miniflare({
    modules: true,
    compatibilityDate: '2026-06-01',
    script: built.outputFiles[0]!.text,
    bindings: { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin },
  });
  try {
    return await (await worker.dispatchFetch('http://app.example/')).text();
  } finally {
    await worker.dispose();
  }
}
