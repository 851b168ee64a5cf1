// Start-up of the packed CLI as ratios to `node -e 0`. What reads secrets reads them from a sandbox.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ground, ROOT, SEED } from './ground.mjs';
import { ms, rounds, table, times } from './measure.mjs';

const ROUNDS = 5;
const g = await ground(
  `doppler: shop\ntargets:\n  cloudflare: {account_id: ${SEED.cloudflare.accountId}, worker: {staging: ${SEED.cloudflare.worker}, prod: b}}\n`,
);
installTen(join(g.home, 'ten'));
const row = (name, words, most, env = g.env) => ({ name: `\`${name}\``, command: g.dcs(...words), most, options: { cwd: g.project, env } });
const rows = [
  { name: '`node -e 0`', command: [process.execPath, '-e', '0'], options: { cwd: g.project, env: g.own } },
  row('dcs --version', ['--version'], 1.25),
  row('dcs context --prompt, no plugins', ['context', '--prompt'], 3.5, { ...g.env, XDG_DATA_HOME: join(g.home, 'none') }),
  row('dcs context --prompt, ten plugins', ['context', '--prompt'], 4.2, { ...g.env, XDG_DATA_HOME: join(g.home, 'ten') }),
  row('dcs context, not signed in', ['context'], 3.5, g.own),
  row('dcs --help', ['--help'], 4.5),
  row('dcs run --no-mask -- true (304)', ['run', '--no-mask', '--', 'true'], 6),
  row('dcs run --no-mask --offline -- true', ['run', '--no-mask', '--offline', '--', 'true'], 4),
  row('dcs env (304)', ['env'], 6),
  row('dcs diff, nothing to do (304)', ['diff', '-e', 'staging'], 10),
];
try {
  await rounds(0, [row('', ['sync', '-e', 'staging', '--yes'])]);
  const [base, ...rest] = await rounds(ROUNDS, rows);
  const cells = ({ name, wall, cpu, mb, most }) => [
    name,
    ms(wall),
    times(wall, base.wall),
    ms(cpu),
    times(cpu, base.cpu),
    most ? `${most}x` : '',
    `${mb.toFixed(0)} MB`,
  ];
  console.log(table(['command', 'wall', '', 'CPU', '', 'bar', 'memory'], [base, ...rest].map(cells)));
  // A shared machine makes whoever runs longer wait more often: CPU time tells whether the bar is met.
  if (rest.some(({ cpu, most }) => cpu / base.cpu > most)) process.exitCode = 1;
} finally {
  await g.close();
}

/** Plugins as big as Neon's, the biggest, installed as npm does. */
function installTen(dataHome) {
  const from = join(ROOT, 'plugins', 'dcs-plugin-neon');
  const manifest = JSON.stringify(JSON.parse(readFileSync(join(from, 'oclif.manifest.json'), 'utf8')));
  const { dependencies: _, ...rest } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const plugins = Array.from({ length: 10 }, (__, at) => {
    const folder = join(dataHome, 'dcs', 'node_modules', `dcs-plugin-p${at}`);
    mkdirSync(folder, { recursive: true });
    const dcs = { contract: 1, sources: { [`p${at}`]: './lib/source.js' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...rest, name: `dcs-plugin-p${at}`, oclif: { ...rest.oclif, dcs } }));
    writeFileSync(join(folder, 'oclif.manifest.json'), manifest.replaceAll('neon', `p${at}`));
    return { name: `dcs-plugin-p${at}`, type: 'user', tag: 'latest' };
  });
  writeFileSync(join(dataHome, 'dcs', 'package.json'), JSON.stringify({ dependencies: {}, oclif: { schema: 1, plugins } }));
}
