import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, type ErrorCode } from 'dcs-sdk';
import { ROOT, type World } from '../e2e/world.ts';

/** What a page has its reader do: write a file, or type a line and see what is printed. */
export type Step =
  | { readonly at: number; readonly write: string; readonly text: string }
  | { readonly at: number; readonly type: string; readonly shown: readonly string[] };

/**
 * Its ```console blocks (`$ ` is typed, `> ` goes on, the rest is printed, `...` stands for any lines) and its blocks with a
 * file's name after the language. Other blocks are not run.
 */
export function steps(markdown: string): Step[] {
  const found: Step[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w+)(?: (\S+))?$/.exec(lines[at]!);
    if (fence === null) continue;
    const end = lines.indexOf('```', at);
    const block = lines.slice(at + 1, end);
    if (fence[2] !== undefined) found.push({ at: at + 1, write: fence[2], text: `${block.join('\n')}\n` });
    else if (fence[1] === 'console') found.push(...typed(block, at + 2));
    at = end;
  }
  return found;
}

function typed(block: readonly string[], first: number): Step[] {
  const found: { at: number; type: string; shown: string[] }[] = [];
  for (const [index, line] of block.entries())
    if (line.startsWith('$ ')) found.push({ at: first + index, type: line.slice(2), shown: [] });
    else if (line.startsWith('> ') && found.at(-1)!.shown.length === 0) found.at(-1)!.type += `\n${line.slice(2)}`;
    else found.at(-1)!.shown.push(line);
  return found;
}

/** Without what differs from run to run: ids, times, ports; and that it is a sandbox, which a page need not show. */
function plain(line: string): string {
  return line
    .replace(/^SANDBOX · /, '')
    .replaceAll(/\b(?:[0-9A-F]{8}|[0-9a-f]{8})\b/g, 'ID')
    .replaceAll(/\d+\.\d s\b/g, 'T s')
    .replaceAll(/just now|\d+ seconds? ago/g, 'just now')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/process \d+/g, 'process N')
    .replaceAll(SYNC, 'SYNCID')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** The ids of syncs, where dcs prints them. */
const SYNC = /(?<=sync |undo |just now +)[0-9A-Z]{6}\b/g;

/** Undefined when the lines are what the page shows. */
export function difference(shown: readonly string[], printed: readonly string[]): string | undefined {
  const want = shown.map(plain).filter((line) => line !== '');
  const got = printed.map(plain).filter((line) => line !== '');
  return fits(want, got) ? undefined : `the page shows\n${want.join('\n')}\n\nand dcs prints\n${got.join('\n')}`;
}

function fits(want: readonly string[], got: readonly string[]): boolean {
  if (want.length === 0) return got.length === 0;
  if (want[0] !== '...') return got.length > 0 && want[0] === got[0] && fits(want.slice(1), got.slice(1));
  return Array.from({ length: got.length + 1 }, (_, skipped) => skipped).some((skipped) => fits(want.slice(1), got.slice(skipped)));
}

/** Does what the page says, in one shell. Returns what did not go as the page has it. */
export async function follow(w: World, page: string): Promise<string[]> {
  const shell = bash(w);
  const wrong: string[] = [];
  const ids = new Map<string, string>();
  try {
    for (const step of steps(readFileSync(join(ROOT, page), 'utf8'))) {
      if ('write' in step) {
        const file = join(w.project, step.write);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, step.text);
        continue;
      }
      const line = [...ids].reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), step.type);
      const { printed, code } = await shell.run(line);
      const expected = exitOf(step.shown);
      const told = step.shown.length === 0 ? undefined : difference(step.shown, printed);
      if (code !== expected) wrong.push(`${page}:${step.at}: ${line}: exit ${code} instead of ${expected}\n${printed.join('\n')}`);
      else if (told !== undefined) wrong.push(`${page}:${step.at}: ${line}: ${told}`);
      const theirs = step.shown.join('\n').match(SYNC) ?? [];
      const ours = printed.join('\n').match(SYNC) ?? [];
      for (const [index, id] of theirs.entries()) if (ours[index] !== undefined) ids.set(id, ours[index]);
    }
  } finally {
    await shell.end();
  }
  return wrong;
}

/** An error that the page shows is one that it ends with. */
function exitOf(shown: readonly string[]): number {
  const code = shown.map((line) => /^✗ ([A-Z]+) /.exec(line)?.[1]).find((found) => found !== undefined && found in EXIT);
  return code === undefined ? 0 : EXIT[code as ErrorCode];
}

interface Shell {
  run(line: string): Promise<{ printed: string[]; code: number }>;
  end(): Promise<void>;
}

/** One bash, so that what a page exports and where it goes to stays. Both streams come as at a terminal, in one. */
function bash(w: World): Shell {
  const bin = join(w.home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'dcs'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`, { mode: 0o755 });
  const child = spawn('bash', ['--norc', '--noprofile'], {
    cwd: w.project,
    env: { ...w.env, PATH: `${bin}:${w.env['PATH']}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  let printed = '';
  let look = (): void => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    look();
  });
  return {
    run(line) {
      const mark = randomBytes(8).toString('hex');
      return new Promise((resolve) => {
        look = () => {
          const end = new RegExp(`${mark} (\\d+)\\n`).exec(printed);
          if (end === null) return;
          const told = printed.slice(0, end.index).split('\n');
          printed = printed.slice(end.index + end[0].length);
          resolve({ printed: told, code: Number(end[1]) });
        };
        child.stdin.write(`{ ${line}\n} 2>&1 </dev/null; printf '%s %d\\n' ${mark} $?\n`);
      });
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}
