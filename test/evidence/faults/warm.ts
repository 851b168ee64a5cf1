import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Requests that dcs did not wait for any longer. */
  readonly givenUp: number;
}

export interface Order {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Its patience with a server is a fortieth. Waits are always short. */
  readonly quick: boolean;
  /** What it waits for is at work, so that the clock does not run ahead. */
  readonly works: boolean;
}

/** The built commands in one process that stays: a thousand runs without a thousand starts. */
export class Warm {
  readonly #child = spawn(process.execPath, [fileURLToPath(new URL('warm.mjs', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
  readonly #answers = createInterface({ input: this.#child.stdio[4] as Readable })[Symbol.asyncIterator]();

  async run(order: Order): Promise<Said> {
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The warm dcs ended.');
    return JSON.parse(value) as Said;
  }
  close(): void {
    this.#child.kill('SIGKILL');
    for (const pipe of this.#child.stdio) pipe?.destroy();
  }
}
