// What a process cost: wall time, and CPU time and peak memory of it and of all it waited for, which Node does not tell of a child.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const RUSAGE = `import json, os, sys, time
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
started = time.perf_counter()
pid = os.fork()
if pid == 0:
    os.dup2(out, 1); os.dup2(out, 2); os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - started
print(json.dumps({'wall': wall * 1000, 'cpu': (used.ru_utime + used.ru_stime) * 1000, 'mb': used.ru_maxrss / 1024, 'status': os.waitstatus_to_exitcode(status)}))`;

/** `{wall, cpu}` in ms, `mb` at the peak, and what it printed. Throws where it ends otherwise than it should. */
export async function measure([program, ...args], { cwd, env, status = 0, input = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'dcs-measure-'));
  try {
    const started = run('python3', ['-S', '-c', RUSAGE, join(folder, 'out'), program, ...args], { cwd, env });
    started.child.stdin.on('error', () => undefined).end(input); // a program may read nothing
    const used = JSON.parse((await started).stdout);
    const out = readFileSync(join(folder, 'out'), 'utf8');
    if (used.status !== status) throw new Error(`${program} ${args.join(' ')} ended with ${used.status}: ${out}`);
    return { ...used, out };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

/** Medians of each, in rounds in which each runs once; a first round fills the caches and does not count. `before` may prepare a run. */
export async function rounds(count, rows) {
  const used = rows.map(() => []);
  for (let round = 0; round <= count; round++)
    for (const [at, { command, options, before }] of rows.entries()) {
      await before?.(round);
      const one = await measure(typeof command === 'function' ? command(round) : command, options);
      if (round > 0) used[at].push(one);
    }
  return rows.map((row, at) => {
    const of = (key) => median(used[at].map((one) => one[key]));
    return { ...row, wall: of('wall'), cpu: of('cpu'), mb: of('mb') };
  });
}

export const table = (heads, rows) => [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
export const ms = (value) => (value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`);
export const times = (value, base) => `${(value / base).toFixed(2)}x`;
