import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { canary, contents, Scanner } from '../e2e/canaries.ts';
import { traced } from '../e2e/traced.ts';
import { world, type World } from '../e2e/world.ts';
import { play, type Line } from '../surface/documents.ts';
import type { Seen } from './scan-scenes.ts';

export interface Fault {
  readonly kind: string;
  readonly status?: number;
  readonly [more: string]: unknown;
}

/** How a scene is played. */
export interface Way {
  readonly mode?: readonly string[];
  readonly fault?: Fault | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another dcs. */
  readonly root?: string;
}

/** What was looked at, and what was found there. */
export class Found {
  commands = 0;
  programs = 0;
  bytes = 0;
  files = 0;
  /** Values that programs printed all the time under a mask, how often something was masked there, and what came of it. */
  printed = 0;
  masked = 0;
  loud = 0;
  /** `dcs sync --json, no fault: stdout holds "..."`. */
  readonly values: string[] = [];
  readonly argv: string[] = [];
  readonly disk: string[] = [];
  readonly modes: string[] = [];
  /** Commands that ended otherwise than they should without a fault: nothing came of them. */
  readonly unplayed: string[] = [];
  /** Requests at a host that is nobody's. */
  readonly strays: string[] = [];
}

/** A server that no credential and no value may reach: where redirects lead. */
export async function stranger(): Promise<{ readonly url: string; readonly heard: string[]; close(): void }> {
  const heard: string[] = [];
  const server = createServer((request, answer) => {
    heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    answer.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard, close: () => server.close() };
}

/** Where a token is meant to be: `dcs login` keeps it, the sandbox has its own, and Node keeps the sandbox's code. */
const MEANT = /^config\/dcs\/credentials\/|\/sandbox\/|^cache\/dcs\/v8\//;
/** Node makes it, below a folder that dcs keeps private. */
const NODES_OWN = /^cache\/dcs\/v8\/v/;

/**
 * Types a scene with canaries as all values of Doppler and looks for them in all that comes of it: output, every file that a command
 * made or changed (and its mode; with umask 000 nothing else makes it private), the argv of every program.
 */
export class Scan {
  readonly #w: World;
  readonly #values: Scanner;
  readonly #tokens: Scanner;
  readonly #canaries: readonly string[];
  readonly found: Found;
  #seen = new Map<string, string>();

  private constructor(w: World, found: Found, canaries: readonly string[]) {
    this.#w = w;
    this.found = found;
    this.#canaries = canaries;
    const tokens = ['DOPPLER_TOKEN', 'GOOGLE_OAUTH_ACCESS_TOKEN', 'NEON_API_KEY', 'GITHUB_TOKEN', 'DCS_NOTIFY_SLACK_URL'];
    const more = ['DCS_NOTIFY_PAGERDUTY_KEY', 'DCS_NOTIFY_WEBHOOK_SECRET'];
    this.#values = new Scanner(canaries);
    this.#tokens = new Scanner([], [...tokens, ...more].map((name) => w.env[name]!).concat(SEED.mail.password));
  }

  static async of(scene: Seen, { mode = [], fault, ...how }: Way, found: Found): Promise<void> {
    const w = await world();
    try {
      const canaries = Array.from({ length: 24 + (scene.more ?? 0) }, canary);
      const scan = new Scan(w, found, canaries);
      await plant(w, canaries);
      let first = true;
      await play(scene, w, async (words, line) => {
        if (first) {
          await own(w, canaries[22]!);
          await scan.changed();
          if (fault) await w.post('/_sandbox/faults', { times: 'forever', ...fault });
        }
        first = false;
        return scan.type(inMode(words, mode), line, fault, how);
      });
    } finally {
      await w.close();
    }
  }

  /** One command; answers the id of a sync. */
  async type(words: readonly string[], { input, ends = 0 }: Line, fault: Fault | undefined, how: Way): Promise<string | undefined> {
    const what = `dcs ${words.join(' ')}, ${fault?.kind ?? 'no fault'} ${fault?.status ?? ''}`.trim();
    const given = input === undefined || input === SEED.neon.key ? input : this.#canaries[23]!;
    const more = { ...how, ...(given === undefined ? {} : { input: given }) };
    // It leaves a server behind, and strace would wait for that.
    const { code, out, err, execs } =
      words[0] === 'sandbox' ? { execs: '', ...(await this.#w.dcs(words, more)) } : await traced(this.#w, words, more);
    const { found } = this;
    found.commands++;
    if (fault === undefined && code !== ends) found.unplayed.push(`${what}: exit ${code}`);
    found.programs += execs.split('\n').filter((line) => /execve\(.* = 0$/.test(line)).length;
    this.look(found.argv, `${what}: argv`, execs);
    this.look(found.values, `${what}: stdout`, out, words[0] === 'sandbox');
    this.look(found.values, `${what}: stderr`, err);
    const printed = Number(/^printed (\d+) values$/m.exec(err.slice(-1000))?.[1] ?? 0);
    found.printed += printed;
    if (printed > 0)
      for (const text of [out, err]) {
        found.masked += text.split('[redacted]').length - 1;
        found.loud += text.length;
      }
    await this.changed(what);
    return /(?:; sync |"run": ?")([2-9A-Z]{6})\b/.exec(out)?.[1];
  }

  /** `meant`: a token may stand there; a value never. */
  look(into: string[], where: string, text: string, meant = false): void {
    this.found.bytes += Buffer.byteLength(text);
    const hit = this.#values.find(text) ?? (meant ? undefined : this.#tokens.find(text));
    if (hit !== undefined) into.push(`${where} holds ${JSON.stringify(hit)}`);
  }

  /** Files that came or changed since the last look; without a word on who did it they are only remembered. */
  async changed(what?: string): Promise<void> {
    const base = dirname(this.#w.home);
    for (const folder of (await readdir(base)).map((name) => join(base, name))) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const stat = await lstat(path).catch(ifThere);
        if (stat === undefined) continue;
        const now = `${stat.mode} ${entry.isFile() ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : ''}`;
        if (this.#seen.get(path) === now) continue;
        this.#seen.set(path, now);
        if (what === undefined || entry.isSymbolicLink()) continue;
        const name = relative(folder, path);
        if (folder === this.#w.home && (stat.mode & 0o077) !== 0 && !NODES_OWN.test(name))
          this.found.modes.push(`${what}: ${name} is ${(stat.mode & 0o777).toString(8)}`);
        if (!entry.isFile()) continue;
        this.found.files++;
        this.look(this.found.disk, `${what}: ${name}`, await contents(path), MEANT.test(name));
      }
    }
  }
}

/** Removed while it was being looked at. */
function ifThere(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** Flags of dcs stand before a program's; what runs one has no --json. */
function inMode(words: readonly string[], mode: readonly string[]): readonly string[] {
  if (/^(run|serve)$/.test(words[0]!) && mode.includes('--json')) return words;
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  return [...words.slice(0, end), ...mode, ...words.slice(end)];
}

/** What a token of the sandbox has to be given, else each of its requests is refused. */
const RIGHTS = ['User Details', 'Memberships', 'Account Settings', 'Workers Scripts', 'Pages', 'Secrets Store'].map(
  (each) => `${each} Write`,
);

/** Every value of Doppler and the token of a cloud. */
async function plant(w: World, canaries: readonly string[]): Promise<void> {
  await mkdir(join(w.home, 'tmp'), { mode: 0o700 });
  const [key, token, ...rest] = canaries.slice(0, 24);
  const more = canaries.slice(24);
  for (const [index, config] of ['dev', 'stg', 'prd'].entries()) {
    const [database, jwt, pem, host, mail, session, stripe] = rest.slice(index * 7) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    await w.doppler(config, {
      DATABASE_URL: `postgres://shop:${database}@db.shop.example:5432/shop`,
      JWT_SECRET: `-----BEGIN KEY-----\n${jwt}\n${pem}\n-----END KEY-----\n`,
      REDIS_HOST: `${host}.shop.example`,
      SENDGRID_KEY: `SG.${mail}"'&<>/+ü`,
      SESSION_KEY: session,
      STRIPE_KEY: `sk_live_${stripe}`,
      DCS_LEDGER_KEY: `${key}${key}`,
    });
    if (config !== 'prd') await w.doppler(config, Object.fromEntries(more.map((value, at) => [`LOUD_${at}`, looks(value, at, more)])));
  }
  await w.post('/_sandbox/cloudflare/tokens', { name: 'canary', value: token, accounts: [SEED.cloudflare.accountId], groups: RIGHTS });
  w.env['CLOUDFLARE_API_TOKEN'] = token!;
}

/** A long one now and then, of many lines. */
function looks(value: string, at: number, all: readonly string[]): string {
  if (at % 20 !== 0) return value;
  const lines = all.slice(at, at + 20).map((each, next) => each + all[(at + next + 1) % all.length]!);
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** The scene's own files hold a canary, too. */
async function own(w: World, value: string): Promise<void> {
  const file = join(w.project, '.env');
  if (existsSync(file)) await writeFile(file, (await readFile(file, 'utf8')).replace('a-new-value', value));
  for (const folder of [w.home, join(w.home, 'data'), join(w.home, 'data', 'dcs')]) await chmod(folder, 0o700);
}
