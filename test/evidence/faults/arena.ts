import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cloudflare } from '../../../plugins/dcs-plugin-sandbox/src/cloudflare/cloud.ts';
import { doppler } from '../../../plugins/dcs-plugin-sandbox/src/doppler/cloud.ts';
import { google } from '../../../plugins/dcs-plugin-sandbox/src/google/cloud.ts';
import { neon } from '../../../plugins/dcs-plugin-sandbox/src/neon/cloud.ts';
import type { Entry } from '../../../plugins/dcs-plugin-sandbox/src/server/journal.ts';
import { ROOT, world, type World } from '../../e2e/world.ts';
import { Warm, type Said } from './warm.ts';

export type Fault = Readonly<Record<string, unknown>>;

/** A sandbox whose clouds, a record and a project that go back to a moment kept; and a dcs that stays. */
export class Arena {
  readonly w: World;
  readonly #clusters: string;
  readonly #clouds: ReturnType<typeof clouds>;
  readonly #warm = new Warm();
  readonly #blank: readonly string[];
  #kept: readonly string[] = [];

  private constructor(w: World, all: ReturnType<typeof clouds>, clusters: string) {
    this.w = w;
    this.#clouds = all;
    this.#clusters = clusters;
    this.#blank = this.#states();
  }
  static async open(): Promise<Arena> {
    const under = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    const clusters = await mkdtemp(join(under, 'dcs-arena-'));
    const all = clouds(clusters);
    return new Arena(await world({ clouds: all, under }), all, clusters);
  }
  /** As on the first day. */
  async blank(): Promise<void> {
    this.#kept = this.#blank;
    await rm(this.#copy, { recursive: true, force: true });
    await mkdir(join(this.#copy, 'state'), { recursive: true });
    await mkdir(join(this.#copy, 'project'));
    await this.back();
  }
  async keep(): Promise<void> {
    this.#kept = this.#states();
    await rm(this.#copy, { recursive: true, force: true });
    await mkdir(this.#state, { recursive: true });
    await cp(this.#state, join(this.#copy, 'state'), { recursive: true });
    await cp(this.w.project, join(this.#copy, 'project'), { recursive: true, filter: notGit });
  }
  /** As it was kept, with this fault waiting. */
  async back(fault?: Fault): Promise<void> {
    for (const [index, cloud] of this.#clouds.entries()) cloud.restore(JSON.parse(this.#kept[index]!));
    await rm(this.#state, { recursive: true, force: true });
    await cp(join(this.#copy, 'state'), this.#state, { recursive: true });
    for (const name of await readdir(this.w.project)) if (name !== '.git') await rm(join(this.w.project, name), { recursive: true });
    await cp(join(this.#copy, 'project'), this.w.project, { recursive: true });
    await this.calm();
    await this.w.forget();
    if (fault !== undefined) await this.w.post('/_sandbox/faults', fault);
  }
  async calm(): Promise<void> {
    await fetch(`${this.w.origin}/_sandbox/faults`, { method: 'DELETE' });
  }
  #states(): readonly string[] {
    return this.#clouds.map((cloud) => JSON.stringify(cloud.state()));
  }
  run(args: readonly string[], quick: boolean, works = false): Promise<Said> {
    return this.#warm.run({ args: [...args, '--json'], env: this.w.env, cwd: this.w.project, quick, works });
  }
  /** From now on dcs finds this plugin in the other folder; undefined: its own again. */
  async plugin(name: string, root = join(ROOT, 'plugins', name)): Promise<void> {
    const file = join(this.w.home, 'data', 'dcs', 'package.json');
    const list = JSON.parse(await readFile(file, 'utf8')) as { oclif: { plugins: { name: string; root: string }[] } };
    for (const plugin of list.oclif.plugins) if (plugin.name === name) plugin.root = root;
    await writeFile(file, JSON.stringify(list));
  }
  file(name: string, text: string): Promise<void> {
    return writeFile(join(this.w.project, name), text);
  }
  read(name: string): Promise<string> {
    return readFile(join(this.w.project, name), 'utf8');
  }
  journal(): Promise<readonly Entry[]> {
    return this.w.journal() as Promise<readonly Entry[]>;
  }
  async close(): Promise<void> {
    this.#warm.close();
    await this.w.close();
    for (const folder of [join(this.w.home, '..'), this.#clusters]) await rm(folder, { recursive: true, force: true });
  }
  get #state(): string {
    return join(this.w.home, 'state');
  }
  get #copy(): string {
    return join(this.w.home, 'kept');
  }
}

const notGit = (path: string): boolean => basename(path) !== '.git';
const clouds = (clusters: string) => [doppler(), cloudflare(), google(), neon(clusters)] as const;
