import { spawn } from '@lydell/node-pty';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program in a real pseudo-terminal, as a person sees it. */
export interface Terminal {
  readonly shown: () => string;
  /** Waits for the text. */
  until(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** The exit code as a shell shows it. */
  readonly ended: Promise<number>;
}

export function terminal(file: string, args: readonly string[], options: { cwd: string; env: Record<string, string> }): Terminal {
  const pty = spawn(file, [...args], { name: 'xterm', cols: 100, rows: 30, ...options });
  let text = '';
  pty.onData((more) => (text += more));
  return {
    shown: () => text,
    async until(wanted) {
      for (let tries = 0; typeof wanted === 'string' ? !text.includes(wanted) : !wanted.test(text); tries++) {
        if (tries === 300) throw new Error(`never shown: ${String(wanted)}; shown: ${text}`);
        // oxlint-disable-next-line no-await-in-loop -- waiting is the point
        await sleep(50);
      }
    },
    type: (keys) => pty.write(keys),
    resize: (columns, rows) => pty.resize(columns, rows),
    ended: new Promise((resolve) => pty.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode))),
  };
}
