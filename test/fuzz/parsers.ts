import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dotenv from 'dotenv';
import { Secret, type ErrorCode } from 'dcs-sdk';
import { parse as parseConfig, readText } from '../../src/config/document.ts';
import { makeProject } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';
import { userSchema } from '../../src/config/user-schema.ts';
import { secretsOf } from '../../src/doppler/answers.ts';
import { blocks, parse as parseLedger, serialise } from '../../src/engine/ledger-file.ts';
import { sharedKeys } from '../../src/engine/key.ts';
import { readPlan, refuseForged } from '../../src/engine/saved-plan.ts';
import { parseYaml } from '../../src/engine/transform/yaml.ts';
import { readGiven, type ImportFormat } from '../../src/into/file.ts';
import { keptSnapshots, snapshotStore } from '../../src/run/snapshot.ts';
import { parseManifest } from '../../src/update/manifest.ts';
import { parseEvent } from '../../runtime/src/webhook.ts';

/** What dcs reads that others may have written. */
export interface Parser {
  /** What it may throw: a DcsError of these codes, or an error of another name that its callers expect. */
  readonly throws: readonly (ErrorCode | 'SyntaxError' | 'TypeError' | 'Unfit')[];
  /** Throws an Error of its own where it lost, invented or altered something. */
  read(bytes: Buffer): unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'dcs-fuzz-'));
const TOKEN = 'dp.st.dev.fuzz';
export const IDENTITY = 'https://api.doppler.com/shop/dev';
export const KEYS = sharedKeys('k'.repeat(40));

function onDisk(name: string, bytes: Buffer): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

function same(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error('it lost, invented or altered something');
}

const sorted = (pairs: readonly (readonly [string, string])[]): unknown => pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

async function given(format: ImportFormat, bytes: Buffer): Promise<readonly (readonly [string, string])[]> {
  const { given: all } = await readGiven(onDisk('imported', bytes), format);
  return all.map((one) => [one.name, one.secret.reveal()] as const);
}

export const PARSERS: Record<string, Parser> = {
  config: {
    throws: ['CONFIG'],
    async read(bytes) {
      const text = (await readText(onDisk('dcs.yaml', bytes), 'dcs.yaml'))!;
      const parsed = parseConfig(text, 'dcs.yaml', configSchema);
      makeProject(parsed, {}, { file: join(folder, 'dcs.yaml'), root: folder });
    },
  },
  settings: {
    throws: ['CONFIG'],
    read: async (bytes) => parseConfig((await readText(onDisk('config.yaml', bytes), 'config.yaml'))!, 'config.yaml', userSchema),
  },
  doppler: {
    throws: ['NETWORK', 'SyntaxError'],
    read(bytes) {
      const body: unknown = JSON.parse(bytes.toString());
      const names = [...secretsOf(body, 'the config').keys()];
      same(names, Object.keys((body as { secrets: object }).secrets));
    },
  },
  dotenv: {
    throws: ['CONFIG'],
    // What it takes, it takes as npm's dotenv does; what that would skip or guess at is an error.
    async read(bytes) {
      const all = await given('dotenv', bytes);
      const npm = dotenv.parse(bytes.toString().replace(/^\uFEFF/, ''));
      // That one loses this name.
      same(sorted(all.filter(([name]) => name !== '__proto__')), sorted(Object.entries(npm)));
    },
  },
  json: {
    throws: ['CONFIG'],
    async read(bytes) {
      const all = await given('json', bytes);
      same(sorted(all), sorted(Object.entries(JSON.parse(bytes.toString().replace(/^\uFEFF/, '')) as Record<string, string>)));
    },
  },
  yaml: {
    throws: ['CONFIG'],
    async read(bytes) {
      const names = (await given('yaml', bytes)).map(([name]) => name);
      if (new Set(names).size < names.length) throw new Error('it gives a name twice');
    },
  },
  webhook: {
    throws: ['SyntaxError', 'TypeError'],
    read(bytes) {
      const event = parseEvent(bytes);
      if (event === undefined) return;
      const { config, diff } = JSON.parse(bytes.toString()) as { config: { name: string; project: string }; diff?: unknown };
      same([event.project, event.config], [config.project, config.name]);
      const told = JSON.stringify(diff ?? {});
      for (const name of [...event.added, ...event.updated, ...event.removed])
        if (!told.includes(JSON.stringify(name))) throw new Error('it invents a name');
    },
  },
  plan: {
    throws: ['USAGE', 'CONFLICT'],
    async read(bytes) {
      const file = onDisk('plan.json', bytes);
      refuseForged(await readPlan(file), KEYS, file);
    },
  },
  ledger: {
    throws: ['CONFLICT'],
    read(bytes) {
      const text = bytes.toString();
      const ledger = parseLedger(text, KEYS, '.dcs/prod.ledger');
      blocks(text, '.dcs/prod.ledger');
      // What it believes, it writes and reads again.
      if (!ledger.foreign) same([...parseLedger(serialise(ledger, KEYS), KEYS, 'x').records], [...ledger.records]);
    },
  },
  snapshot: {
    throws: ['AUTH'],
    async read(bytes) {
      const cacheDir = join(folder, 'cache');
      mkdirSync(join(cacheDir, 'snapshots'), { recursive: true });
      const store = snapshotStore({ cacheDir, token: TOKEN, log: () => undefined });
      await store.save({ read: { identity: IDENTITY, version: 'v', secrets: new Map() }, at: 1 });
      const { file } = (await keptSnapshots(cacheDir))[0]!;
      writeFileSync(file, bytes);
      await keptSnapshots(cacheDir);
      await store.load(IDENTITY);
    },
  },
  manifest: { throws: ['REFUSED'], read: (bytes) => parseManifest(bytes.toString()) },
  transform: { throws: ['Unfit'], read: (bytes) => parseYaml(bytes.toString()) },
};

/** A snapshot's file as dcs writes it. */
export async function sealed(): Promise<Buffer> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'dcs-fuzz-'));
  const secrets = new Map([['A', { state: 'value', secret: new Secret('canary') } as const]]);
  await snapshotStore({ cacheDir, token: TOKEN, log: () => undefined }).save({
    read: { identity: IDENTITY, version: 'v', secrets },
    at: 1,
  });
  const { file } = (await keptSnapshots(cacheDir))[0]!;
  return readFileSync(file);
}
