import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cloudflare } from '../../../plugins/dcs-plugin-sandbox/src/cloudflare/cloud.ts';
import { doppler } from '../../../plugins/dcs-plugin-sandbox/src/doppler/cloud.ts';
import { google } from '../../../plugins/dcs-plugin-sandbox/src/google/cloud.ts';
import { neon } from '../../../plugins/dcs-plugin-sandbox/src/neon/cloud.ts';
import type { Entry } from '../../../plugins/dcs-plugin-sandbox/src/server/journal.ts';
import { world, type World } from '../../e2e/world.ts';
import { Warm, type Said } from './warm.ts';

export type Fault = Readonly<Record<string, unknown>>;

/** A sandbox whose clouds, and a home whose record, go back to a moment kept; and a dcs that stays. */
export class Arena {
  readonly w: World;
  readonly #clouds: ReturnType<typeof clouds>;
  readonly #warm = new Warm();
  readonly #blank: readonly string[];
  #kept: readonly string[] = [];

  private constructor(w: World, all: ReturnType<typeof clouds>) {
    this.w = w;
    this.#clouds = all;
    this.#blank = this.#states();
  }
  static async open(): Promise<Arena> {
    const all = clouds();
    return new Arena(await world({ clouds: all, ...(existsSync('/dev/shm') ? { under: '/dev/shm' } : {}) }), all);
  }
  /** As on the first day. */
  async blank(): Promise<void> {
    this.#kept = this.#blank;
    await rm(this.#copy, { recursive: true, force: true });
    await mkdir(this.#copy);
    await this.back();
  }
  async keep(): Promise<void> {
    this.#kept = this.#states();
    await rm(this.#copy, { recursive: true, force: true });
    await mkdir(this.#state, { recursive: true });
    await cp(this.#state, this.#copy, { recursive: true });
  }
  /** As it was kept, with this fault waiting. */
  async back(fault?: Fault): Promise<void> {
    for (const [index, cloud] of this.#clouds.entries()) cloud.restore(JSON.parse(this.#kept[index]!));
    await rm(this.#state, { recursive: true, force: true });
    await cp(this.#copy, this.#state, { recursive: true });
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
  run(args: readonly string[], quick: boolean): Promise<Said> {
    return this.#warm.run({ args: [...args, '--json'], env: this.w.env, cwd: this.w.project, quick });
  }
  file(name: string, text: string): Promise<void> {
    return writeFile(join(this.w.project, name), text);
  }
  journal(): Promise<readonly Entry[]> {
    return this.w.journal() as Promise<readonly Entry[]>;
  }
  async close(): Promise<void> {
    this.#warm.close();
    await this.w.close();
    await rm(join(this.w.home, '..'), { recursive: true, force: true });
  }
  get #state(): string {
    return join(this.w.home, 'state');
  }
  get #copy(): string {
    return join(this.w.home, 'state-kept');
  }
}

const clouds = () => [doppler(), cloudflare(), google(), neon()] as const;
