import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ROOT, world, YAML } from '../e2e/world.ts';

const run = promisify(execFile);

/** Prints the files and parts of Node that a program imports, a line each, with their bytes. */
const LISTENER = `import { registerHooks } from 'node:module';
import { statSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
registerHooks({ load(url, context, next) {
  if (!url.startsWith('node:')) writeSync(2, \`\${statSync(fileURLToPath(url)).size} \${url}\\n\`);
  return next(url, context);
} });`;

/** What makes a start quick, in what can be counted: npm run bench has the times. */
describe('a start', () => {
  let base: string;
  let env: Record<string, string>;
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'dcs-start-'));
    await mkdir(join(base, '.git'));
    await writeFile(join(base, '.git', 'HEAD'), 'ref: refs/heads/work\n');
    await writeFile(join(base, 'dcs.yaml'), 'doppler: shop\ntargets: {}\n');
    await writeFile(join(base, 'listen.mjs'), LISTENER);
    env = { PATH: process.env['PATH']!, HOME: base, XDG_CACHE_HOME: join(base, 'cache'), XDG_DATA_HOME: join(base, 'data') };
  });
  after(() => rm(base, { recursive: true }));

  async function loaded(...words: readonly string[]): Promise<{ file: string; bytes: number }[]> {
    const { stderr } = await run(process.execPath, ['--import', join(base, 'listen.mjs'), join(ROOT, 'bin', 'run.js'), ...words], {
      cwd: base,
      env,
    });
    return [...stderr.matchAll(/^(\d+) file:\/\/(.+)$/gm)].map(([, bytes, file]) => ({ file: file!, bytes: Number(bytes) }));
  }
  /** The sources that a file of the bundle was made of. */
  const sources = (file: string): string[] =>
    file.includes('/lib/') ? (JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { sources: string[] }).sources : [];

  it('prints the version without the bundle', async () => {
    expect((await loaded('--version')).map(({ file }) => file)).to.deep.equal([join(ROOT, 'bin', 'run.js')]);
  });

  it('of dcs context --prompt loads few files, and no library that it does not need', async () => {
    await loaded('context', '--prompt'); // from here on this dcs.yaml is known to be valid
    const files = await loaded('context', '--prompt');
    expect(files.length).to.be.within(4, 12);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.lessThan(720_000);
    const all = files.flatMap(({ file }) => sources(file)).join('\n');
    expect(all).to.contain('@oclif/core');
    for (const name of ['zod', 'semver', 'listr2', 'inquirer', 'mustache', '@dopplerhq/node-sdk', 'acorn', 'wsl-utils'])
      expect(all, name).to.not.contain(`node_modules/${name}/`);
    for (const file of ['config/schema', 'doppler/client', 'host']) expect(all).to.not.match(new RegExp(`^[./]+/src/${file}\\.ts$`, 'm'));
  });

  it('runs no code of the plugins that are installed', async () => {
    const plugins = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        const name = `dcs-plugin-number-${at}`;
        const folder = join(base, 'data', 'dcs', 'node_modules', name);
        await cp(join(ROOT, 'plugins', '_template', 'lib'), join(folder, 'lib'), { recursive: true });
        symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
        const manifest = JSON.parse(readFileSync(join(ROOT, 'plugins', '_template', 'package.json'), 'utf8')) as Record<string, unknown>;
        const oclif = { ...(manifest['oclif'] as object), dcs: { contract: 1, targets: { [`number-${at}`]: './lib/target.js' } } };
        await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, name, oclif }));
        await writeFile(join(folder, 'oclif.manifest.json'), JSON.stringify({ commands: {}, version: manifest['version'] }));
        return { name, type: 'user', tag: 'latest' };
      }),
    );
    await writeFile(join(base, 'data', 'dcs', 'package.json'), JSON.stringify({ dependencies: {}, oclif: { schema: 1, plugins } }));
    const { stdout } = await run(process.execPath, [join(ROOT, 'bin', 'run.js'), 'targets', '--json'], { cwd: base, env });
    expect(stdout).to.contain('number-9');
    const files = (await loaded('context', '--prompt')).map(({ file }) => file);
    expect(files.filter((file) => file.includes('dcs-plugin-'))).to.deep.equal([]);
  });

  it('of dcs diff runs the code of no other cloud, and opens no keyring where nothing would answer', async () => {
    const w = await world();
    try {
      await w.yaml(YAML);
      const loads = async (more: Record<string, string>): Promise<string> => {
        const words = ['--import', join(base, 'listen.mjs'), join(ROOT, 'bin', 'run.js'), 'diff', '-e', 'staging'];
        return (await run(process.execPath, words, { cwd: w.project, env: { ...w.env, ...more } })).stderr;
      };
      const silent = await loads({ XDG_RUNTIME_DIR: w.home });
      expect(silent).to.contain('/dcs-plugin-cloudflare/lib/target.js');
      expect(silent).to.not.match(/dcs-plugin-(gcp|firebase|neon)\/lib\/(?!commands)/);
      expect(silent).to.not.contain('keyring');
      if (process.platform !== 'linux') return;
      expect(await loads({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${w.home}/bus` })).to.contain('@napi-rs/keyring');
      await writeFile(join(w.home, 'bus'), '');
      expect(await loads({ XDG_RUNTIME_DIR: w.home })).to.contain('@napi-rs/keyring');
    } finally {
      await w.close();
    }
  });
});
