// The plan of 5,000 unchanged secrets on 20 targets, beside what no plan can do without.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './ground.mjs';
import { median, ms, table, times } from './measure.mjs';

const ROUNDS = 5;
const KINDS = [
  ['first', 'no records yet', 3],
  ['full', 'Doppler read in full', 6],
  ['unchanged', 'Doppler answers 304', 5],
];
const folder = mkdtempSync(join(tmpdir(), 'dcs-bench-plan-'));
const planner = (kind) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', join(ROOT, 'test/engine/planner.ts'), folder, kind], { encoding: 'utf8' }));
try {
  planner('write');
  const lines = KINDS.map(([kind, name, most]) => {
    const all = Array.from({ length: ROUNDS }, () => planner(kind));
    const of = (key) => median(all.map((one) => one[key]));
    if (of('cpuMs') / of('floorMs') > most) process.exitCode = 1;
    const peaks = all.map(({ rssMb }) => rssMb.toFixed(0)).toSorted((a, b) => a - b);
    return [
      name,
      ms(of('cpuMs')),
      ms(of('floorMs')),
      times(of('cpuMs'), of('floorMs')),
      `${most}x`,
      `${peaks[0]} to ${peaks.at(-1)} MB`,
      `${of('heapMb').toFixed(0)} MB`,
    ];
  });
  console.log(table(['plan', 'CPU', 'floor', '', 'bar', 'peak', 'heap kept'], lines));
} finally {
  rmSync(folder, { recursive: true });
}
