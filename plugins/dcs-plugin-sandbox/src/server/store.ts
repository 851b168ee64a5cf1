import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Cloud } from './cloud.ts';

const FORMAT = 1;

/** Keeps what the clouds remember in `<folder>/state.json`: whole or not at all, readable by its owner only. */
export class Store {
  readonly #file: string;
  readonly #clouds: readonly Cloud[];

  constructor(folder: string, clouds: readonly Cloud[]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    this.#file = join(folder, 'state.json');
    this.#clouds = clouds;
  }

  /** Restores every cloud that the file knows; the names of those it knows. */
  restore(): Set<string> {
    if (!existsSync(this.#file)) return new Set();
    const saved = JSON.parse(readFileSync(this.#file, 'utf8')) as { format?: unknown; clouds?: Record<string, unknown> };
    if (saved.format !== FORMAT || typeof saved.clouds !== 'object')
      throw new Error(`${this.#file} is not a sandbox state of format ${FORMAT}.`);
    const known = new Set<string>();
    for (const cloud of this.#clouds) {
      if (!Object.hasOwn(saved.clouds, cloud.name)) continue;
      cloud.restore(saved.clouds[cloud.name]);
      known.add(cloud.name);
    }
    return known;
  }

  /** Synchronous, so that no answer leaves before its change is on disk and two saves never mix. */
  save(): void {
    const clouds = Object.fromEntries(this.#clouds.map((cloud) => [cloud.name, cloud.state()]));
    const temp = `${this.#file}.${process.pid}.tmp`;
    const file = openSync(temp, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify({ format: FORMAT, clouds }));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temp, this.#file);
  }
}
