import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { integrityOf, manifestOf, tarball, type Manifest } from './tarball.ts';
import { ROOT } from './world.ts';

/** Answers instead of the registry; undefined = the registry answers. `body` undefined: headers only, then nothing more. */
export type Lie = (request: {
  readonly method: string;
  readonly path: string;
}) => { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer } | 'hang' | 'cut' | undefined;

export interface Registry {
  /** `http://127.0.0.1:PORT/`; stays the same over `stop` and `start`. */
  readonly url: string;
  /** What npm and dcs need to use this registry and nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** Every request since the last `forget()`. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  forget(): void;
  /** A packed package; becomes `latest` unless another tag is given. `extra` is added to what the registry says of this version. */
  publish(packed: Buffer, options?: { readonly tag?: string; readonly extra?: Readonly<Record<string, unknown>> }): Promise<Manifest>;
  /** The packages of this repository, as `npm pack` packs them (all, or those named), with all they depend on from node_modules. */
  publishOwn(names?: readonly string[]): Promise<void>;
  /** Packages of node_modules, with all they depend on. */
  publishInstalled(names: readonly string[]): Promise<void>;
  lie(lie: Lie | undefined): void;
  /** Refuses connections, as a registry that is down. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const CONFIG = (storage: string): string => `storage: ${storage}
max_body_size: 200mb
packages:
  '**': {access: $all, publish: $all, unpublish: $all}
auth: {}
web: {enable: false}
log: {type: stdout, level: fatal}
`;

/** A verdaccio of its own on 127.0.0.1, with no way to another registry, behind a door that can be shut and can lie. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'dcs-registry-'));
  const behind = await freePort();
  await writeFile(join(folder, 'config.yaml'), CONFIG(join(folder, 'storage')));
  const verdaccio = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/verdaccio/bin/verdaccio'), '-c', join(folder, 'config.yaml'), '-l', `127.0.0.1:${behind}`],
    { cwd: folder, stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: folder } },
  );
  const killed = (): void => void verdaccio.kill('SIGKILL');
  process.once('exit', killed);
  await answers(behind);

  const requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  let lie: Lie | undefined;
  let door: Server | undefined;
  let port = 0;
  const open = async (): Promise<void> => {
    door = createServer((incoming, outgoing) => {
      const asked = { method: incoming.method ?? '', path: incoming.url ?? '' };
      requests.push({ ...asked, headers: incoming.headers });
      const told = lie?.(asked);
      if (told === undefined) forward(incoming, outgoing, behind);
      else if (told === 'cut') incoming.socket.destroy();
      else if (told !== 'hang') outgoing.writeHead(told.status, told.headers).end(told.body);
    }).listen(port, '127.0.0.1');
    await once(door, 'listening');
    port = (door.address() as AddressInfo).port;
  };
  const shut = async (): Promise<void> => {
    const closing = door;
    door = undefined;
    closing?.closeAllConnections();
    if (closing) await new Promise((resolve) => closing.close(resolve));
  };
  await open();
  const url = `http://127.0.0.1:${port}/`;
  const published = new Set<string>();

  const publish: Registry['publish'] = async (packed, { tag = 'latest', extra = {} } = {}) => {
    const manifest = manifestOf(packed);
    const { name, version } = manifest;
    const file = `${name.split('/').at(-1)}-${version}.tgz`;
    const dist = {
      integrity: integrityOf(packed),
      shasum: createHash('sha1').update(packed).digest('hex'),
      tarball: `${url}${name}/-/${file}`,
    };
    const answer = await fetch(`http://127.0.0.1:${behind}/${name.replace('/', '%2f')}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        _id: name,
        name,
        'dist-tags': { [tag]: version },
        versions: { [version]: { ...manifest, ...extra, _id: `${name}@${version}`, dist: { ...dist, ...(extra['dist'] as object) } } },
        _attachments: { [file]: { content_type: 'application/octet-stream', data: packed.toString('base64'), length: packed.length } },
      }),
    });
    if (!answer.ok) throw new Error(`publishing ${name}@${version}: ${answer.status} ${await answer.text()}`);
    return manifest;
  };

  const publishFolder = async (root: string): Promise<void> => {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
    const id = `${manifest.name}@${manifest.version}`;
    if (published.has(id)) return;
    published.add(id);
    await publish(tarball(await filesOf(root)));
    await dependencies(root, manifest);
  };
  const dependencies = async (root: string, { dependencies: needed = {}, optionalDependencies: optional = {}, ...rest }: Manifest) => {
    const bundled = new Set((rest['bundleDependencies'] ?? rest['bundledDependencies'] ?? []) as readonly string[]);
    for (const name of Object.keys({ ...optional, ...needed })) {
      const found = bundled.has(name) ? undefined : folderOf(name, root);
      if (found !== undefined) await publishFolder(found);
      else if (!(name in optional) && !bundled.has(name)) throw new Error(`${name}, which ${root} needs, is not in node_modules`);
    }
  };

  const publishOwn = async (names?: readonly string[]): Promise<void> => {
    for (const { name, folder: root, packed } of await packOwn()) {
      if (names && !names.includes(name)) continue;
      const manifest = manifestOf(packed);
      const id = `${name}@${manifest.version}`;
      if (published.has(id)) continue;
      published.add(id);
      await publish(packed);
      const own = Object.keys(manifest.dependencies ?? {}).filter((each) => OWN.test(each));
      if (own.length > 0) await publishOwn(own);
      const foreign = Object.entries(manifest.dependencies ?? {}).filter(([each]) => !OWN.test(each));
      await dependencies(root, { ...manifest, dependencies: Object.fromEntries(foreign) });
    }
  };

  return {
    url,
    env: { npm_config_registry: url, npm_config_cache: join(folder, 'npm-cache'), npm_config_userconfig: join(folder, 'npmrc') },
    requests,
    forget: () => void requests.splice(0),
    publish,
    publishOwn,
    publishInstalled: async (names) => {
      for (const name of names) await publishFolder(folderOf(name, ROOT)!);
    },
    lie: (next) => void (lie = next),
    stop: shut,
    start: open,
    async close() {
      await shut();
      process.off('exit', killed);
      const gone = once(verdaccio, 'exit');
      verdaccio.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const OWN = /^(dcs-(sdk|runtime|plugin-.+)|doppler-cloud-syncs)$/;

export interface Packed {
  readonly name: string;
  /** The workspace. */
  readonly folder: string;
  readonly packed: Buffer;
}

let own: Promise<readonly Packed[]> | undefined;

/** One npm for all machines, and one that runs install scripts where it is not told otherwise. */
export const NPM = join(ROOT, 'node_modules', 'npm', 'bin', 'npm-cli.js');

/** Every public package of this repository, packed by npm from what is built; once a process. */
export function packOwn(): Promise<readonly Packed[]> {
  return (own ??= pack());
}

async function pack(): Promise<readonly Packed[]> {
  const folders = ['.', 'sdk', 'runtime', ...globSync('plugins/dcs-plugin-*', { cwd: ROOT })];
  const into = await mkdtemp(join(tmpdir(), 'dcs-packed-'));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [NPM, 'pack', '--json', '--ignore-scripts', '--pack-destination', into, ...folders.flatMap((folder) => ['-w', folder])],
    { cwd: ROOT, maxBuffer: 1 << 26 },
  );
  const said = JSON.parse(stdout) as { name: string; filename: string }[];
  const packed = await Promise.all(
    folders.map(async (folder) => {
      const { name } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
      const { filename } = said.find((each) => each.name === name)!;
      return { name, folder: join(ROOT, folder), packed: await readFile(join(into, filename)) };
    }),
  );
  await rm(into, { recursive: true });
  return packed;
}

/** Where node finds a package from a folder: nested first. */
function folderOf(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === dirname(at)) return undefined;
  }
}

/** What stands in an installed package: its own files, and what it bundles. */
async function filesOf(root: string): Promise<Record<string, Buffer>> {
  const { bundleDependencies = [], bundledDependencies = [] } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as never;
  const bundles = [...(bundleDependencies as string[]), ...(bundledDependencies as string[])].length > 0;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => bundles || !relative(root, path).startsWith('node_modules'))
    .toSorted();
  return Object.fromEntries(await Promise.all(files.map(async (path) => [relative(root, path), await readFile(path)] as const)));
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const passed = request({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', () => outgoing.destroy());
  incoming.pipe(passed);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('verdaccio does not answer');
}
