import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cpSync, existsSync, globSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { KEYS } from '../../src/update/keys.ts';
import type { Manifest, Part } from '../../src/update/manifest.ts';
import { ROOT, type Ran } from './world.ts';

const load = async <T>(script: string): Promise<T> => (await import(join(ROOT, 'scripts', script) as string)) as T;
const { stage } = await load<{ stage: (options: Record<string, string>) => { version: string } }>('standalone/stage.mjs');
const { SH } = await load<{ SH: string }>('standalone/launchers.mjs');
const { writeTarball } = await load<{ writeTarball: (options: object) => Promise<void> }>('standalone/tarball.mjs');
const { publish } = await load<{ publish: (options: object) => Promise<Manifest> }>('standalone/updates.mjs');
const { signedManifest, publicHalf } = await load<{
  signedManifest: (text: string, key: KeyObject) => string;
  publicHalf: (key: KeyObject) => string;
}>('sign.mjs');

export const PLATFORM = `${process.platform}-${process.arch}`;
export { signedManifest, publish };

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
/** The two keys that the builds of the tests trust, and one that nobody does. */
export const [FIRST, SECOND, STRANGER] = [newKey(), newKey(), newKey()];

/** A change of a line of the sources: [file, what stands there, what to put there]. */
export type Edit = readonly [file: string, from: string, to: string];

export const scratch = mkdtempSync(join(tmpdir(), 'dcs-standalone-'));
// A standalone dcs is 150 MB.
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const cache = join(scratch, 'cache');

/** What is documented for a build without a network: the cache holds Node. */
function seedNode(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'scripts/standalone/node.json'), 'utf8')) as { version: string };
  const folder = join(cache, `node-v${version}-${PLATFORM}`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'node'))) share(join(ROOT, 'node_modules/node/bin/node'), join(folder, 'node'));
  return join(folder, 'node');
}

function share(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to); // another file system
  }
}

/** The whole dcs as it is released, but for the keys that it trusts. */
export function wholeTree(version: string, updates: string): string {
  seedNode();
  const tree = join(scratch, `whole-${version}`);
  stage({ platform: PLATFORM, tree, updates, cache });
  rename(tree, version);
  const trusting = globSync('lib/**/*.js', { cwd: tree }).filter((file) => trust(join(tree, file)));
  if (trusting.length !== 1) throw new Error(`the pinned keys stand in ${trusting.length} files`);
  return tree;
}

/** Only the commands `update` and `help errors`, a dozen files: quick to build and to try, with a line of the sources changed or not. */
export async function smallTree(version: string, updates: string, edits: readonly Edit[] = []): Promise<string> {
  const tree = mkdtempSync(join(scratch, `small-${version}-`));
  const left = new Set(edits);
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts', 'src/commands/update.ts', 'src/commands/help/errors.ts'],
    outdir: join(tree, 'lib'),
    outbase: 'src',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifyWhitespace: true,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; import { fileURLToPath as __fileURLToPath } from 'node:url'; import { dirname as __pathDirname } from 'node:path'; const require = __createRequire(import.meta.url); const __filename = __fileURLToPath(import.meta.url); const __dirname = __pathDirname(__filename);",
    },
    external: ['listr2', 'inquirer', 'mustache', '@dopplerhq/node-sdk', '@lydell/node-pty', '@napi-rs/keyring'],
    alias: { 'dcs-sdk/command': './sdk/src/command.ts', 'dcs-sdk': './sdk/src/index.ts' },
    logLevel: 'error',
    plugins: [
      {
        name: 'edits',
        setup: (bundler) =>
          bundler.onLoad({ filter: /\/(src\/update|sdk\/src)\/[^/]+\.ts$/ }, ({ path }) => {
            const text = edits
              .filter(([file]) => relative(ROOT, path) === file)
              .reduce(
                (before, edit) => {
                  if (before.split(edit[1]).length !== 2) throw new Error(`${edit[0]}: ${edit[1]} does not stand there once`);
                  left.delete(edit);
                  return before.replace(edit[1], () => edit[2]);
                },
                readFileSync(path, 'utf8'),
              );
            return { contents: text, loader: 'ts' };
          }),
      },
    ],
  });
  if (left.size > 0) throw new Error(`nothing was changed: ${JSON.stringify([...left])}`);
  for (const file of globSync('lib/**/*.js', { cwd: tree })) trust(join(tree, file));
  for (const file of ['bin/run.js', 'package.json', 'oclif.manifest.json']) cpSync(join(ROOT, file), join(tree, file));
  // 126 MB that nothing here looks at; wholeTree has the real one.
  writeFileSync(join(tree, 'node'), `#!/bin/sh\nexec '${seedNode()}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(tree, 'standalone.json'), JSON.stringify({ platform: PLATFORM, updates }));
  rename(tree, version);
  return tree;
}

/** The same build under another version. */
function rename(tree: string, version: string): void {
  const inFile = (name: string, change: (content: Record<string, unknown>) => void): void => {
    const content = JSON.parse(readFileSync(join(tree, name), 'utf8')) as Record<string, unknown>;
    change(content);
    rmSync(join(tree, name));
    writeFileSync(join(tree, name), JSON.stringify(content));
  };
  const small = !existsSync(join(tree, 'node_modules'));
  inFile('package.json', (content) => {
    content['version'] = version;
    if (small) content['oclif'] = { ...(content['oclif'] as object), plugins: [], hooks: {}, jitPlugins: undefined };
  });
  inFile('oclif.manifest.json', (content) => {
    content['version'] = version;
    if (small)
      content['commands'] = Object.fromEntries(
        ['update', 'help:errors'].map((id) => [id, (content['commands'] as Record<string, unknown>)[id]]),
      );
  });
}

/** Puts the tests' keys where dcs's own stand in a built file: no build, no flag and no variable can do it. */
function trust(file: string): boolean {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(KEYS[0]!)) return false;
  rmSync(file);
  writeFileSync(file, text.replace(KEYS[0]!, publicHalf(FIRST)).replace(KEYS[1]!, publicHalf(SECOND)));
  return true;
}

export interface Site {
  readonly origin: string;
  /** What it shows: files as scripts/standalone/updates.mjs writes them. */
  readonly folder: string;
  /** Answers in place of a file, by path. */
  readonly instead: Map<string, (request: IncomingMessage, response: ServerResponse) => void>;
  readonly requests: string[];
  close(): Promise<void>;
}

/** A static server of updates on this machine. */
export async function site(): Promise<Site> {
  const folder = mkdtempSync(join(scratch, 'site-'));
  const instead: Site['instead'] = new Map();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    requests.push(path);
    const other = instead.get(path);
    if (other) return other(request, response);
    const file = join(folder, path);
    if (!existsSync(file)) return void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>no such file</h1>');
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    folder,
    instead,
    requests,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

/** An unpacked standalone dcs of that tree. */
export async function unpacked(tree: string, version: string, place = mkdtempSync(join(scratch, 'unpacked-'))): Promise<string> {
  const file = join(place, 'dcs.tar.gz');
  await writeTarball({ tree, version, platform: PLATFORM, channel: 'stable', file, level: 1 });
  await ended(spawn('tar', ['-xzf', file, '-C', place], { stdio: 'ignore' }));
  rmSync(file);
  return join(place, 'dcs');
}

/** What unpacking would make of that tree, without the packing: its files are shared. */
export async function laidOut(tree: string, version: string): Promise<string> {
  const root = join(mkdtempSync(join(scratch, 'laid-out-')), 'dcs');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'versions'));
  await ended(spawn('cp', ['-al', tree, join(root, 'versions', version)], { stdio: 'ignore' }));
  writeFileSync(join(root, 'bin', 'dcs'), SH, { mode: 0o755 });
  writeFileSync(join(root, 'current'), `${version}\nchannel stable\n`);
  return root;
}

const ended = (child: ReturnType<typeof spawn>): Promise<void> =>
  new Promise((resolve, reject) => child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`ended with ${code}`)))));

/** Runs an unpacked dcs where there is no Node: its PATH is an empty folder. */
export function dcs(root: string, words: readonly string[], env: Record<string, string> = {}): Promise<Ran & { signal: string | null }> {
  const home = join(scratch, 'home');
  const empty = join(scratch, 'empty');
  mkdirSync(home, { recursive: true });
  mkdirSync(empty, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'bin', 'dcs'), [...words], {
      env: {
        PATH: empty,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_DATA_HOME: join(home, 'data'),
        NODE_DISABLE_COMPILE_CACHE: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err, json: () => JSON.parse(out) as Record<string, unknown> }));
  });
}

export const current = (root: string): string => readFileSync(join(root, 'current'), 'utf8').split('\n')[0]!;
/** The versions that lie there, and whatever else an update left. */
export const lying = (root: string): string[] => [
  ...readdirSync(join(root, 'versions')).toSorted(),
  ...(existsSync(join(root, '.update')) ? readdirSync(join(root, '.update'), { recursive: true }) : [])
    .map(String)
    .filter((name) => name !== 'lock'),
];

/** A manifest of the site, changed and signed again. */
export function change(on: Site, file: string, edit: (manifest: Manifest) => void, key: KeyObject = FIRST): void {
  const manifest = manifestOf(on, file);
  edit(manifest);
  writeFileSync(join(on.folder, file), signedManifest(JSON.stringify(manifest), key));
}

export const manifestOf = (on: Site, file: string): Manifest =>
  JSON.parse(readFileSync(join(on.folder, file), 'utf8').split('\n').slice(1).join('\n')) as Manifest;

/** The part of a manifest that is not Node, and its bytes before and after packing. */
export function ownPart(on: Site, file: string): { index: number; path: string; bytes: Buffer } {
  const { parts } = manifestOf(on, file);
  const index = parts.findIndex(({ files }) => files.some(({ path }) => path === 'package.json'));
  const path = join(on.folder, 'parts', `${parts[index]!.sha256}.part`);
  return { index, path, bytes: gunzipSync(readFileSync(path)) };
}

/** Puts other bytes in the place of a part, and says so in the manifest. */
export function repack(on: Site, part: Part, bytes: Buffer): void {
  const packed = gzipSync(bytes);
  part.sha256 = createHash('sha256').update(packed).digest('hex');
  part.size = packed.length;
  writeFileSync(join(on.folder, 'parts', `${part.sha256}.part`), packed);
}
