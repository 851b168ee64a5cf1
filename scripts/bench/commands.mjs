// Start-up of every command, core and plugins: its code loaded, and its flags read, of which one is not there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ground, ROOT } from './ground.mjs';
import { ms, rounds, table, times } from './measure.mjs';

const ROUNDS = 2;
const g = await ground('doppler: shop\n');
const ids = ['.', ...globSync('plugins/dcs-plugin-*', { cwd: ROOT })]
  .flatMap((folder) => Object.entries(JSON.parse(readFileSync(join(ROOT, folder, 'oclif.manifest.json'), 'utf8')).commands))
  .filter(([, { hidden, strict }]) => !hidden && strict !== false)
  .map(([id]) => id)
  .toSorted();
const options = { cwd: g.project, env: g.own };
const USAGE = { run: 125, serve: 125, diff: 1 };
try {
  const node = { command: [process.execPath, '-e', '0'], options };
  const rows = ids.map((id) => ({
    id,
    command: g.dcs(...id.split(':'), '--no-such-flag'),
    options: { ...options, status: USAGE[id] ?? 64 },
  }));
  const [base, ...all] = await rounds(ROUNDS, [node, ...rows]);
  const line = ({ id, wall, cpu, mb }) => [
    `\`dcs ${id.replaceAll(':', ' ')}\``,
    ms(wall),
    times(wall, base.wall),
    ms(cpu),
    times(cpu, base.cpu),
    `${mb.toFixed(0)} MB`,
  ];
  console.log(table(['command', 'wall', '', 'CPU', '', 'memory'], all.toSorted((a, b) => b.cpu - a.cpu).map(line)));
} finally {
  await g.close();
}
