import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { canTrace } from '../e2e/traced.ts';
import { YAML } from '../e2e/world.ts';
import type { Scene } from '../surface/documents.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plantedDcs } from './planted.ts';
import { Found, Scan } from './scan.ts';

const PRELOAD = `--import=${fileURLToPath(new URL('crash-with.mjs', import.meta.url))}`;
// Into the project, which is looked through.
const REPORTS = '--report-on-fatalerror --report-uncaught-exception --report-on-signal --report-signal=SIGUSR2 --report-directory=.';
const TRACES = '--trace-uncaught --trace-warnings --trace-exit --trace-deprecation --trace-sigint --diagnostic-dir=.';
const SNAPSHOTS = '--heapsnapshot-near-heap-limit=1 --heapsnapshot-signal=SIGUSR2 --diagnostic-dir=.';

type Setting = Readonly<Record<string, string>>;
const crash = (how: string, options: string): Setting => ({
  DCS_CRASH: how,
  NODE_OPTIONS: `${PRELOAD} --max-old-space-size=60 ${options}`,
});
const ENDS = ['throw', 'reject', 'report', 'signal', 'abort', 'oom'];
const SETTINGS: readonly Setting[] = [
  ...ENDS.flatMap((how) => [crash(how, REPORTS), crash(how, TRACES)]),
  ...['signal', 'oom'].map((how) => crash(how, SNAPSHOTS)),
  { DEBUG: '*', OCLIF_DEBUG: '1' },
  { NODE_DEBUG: '*' },
  { NODE_DEBUG: 'fs,module,esm,timer,worker,dns,repl,test' },
  { NODE_DEBUG_NATIVE: 'HTTP2,INSPECTOR_SERVER,COMPILE_CACHE' },
];
const USUAL = [crash('report', REPORTS), SETTINGS.at(-4)!];

const scene: Scene = {
  prepare: (w) => w.yaml(YAML),
  lines: ['sync -e staging --yes', 'env -e staging', 'status'].map((line) => ({ type: line.split(' ') })),
};
const once: Scene = { ...scene, lines: scene.lines.slice(0, 1) };

/** Each takes away what keeps memory or the environment from a file, and provokes just that. */
const FILE = 'src/unsafe-process.ts';
const PLANTS = [
  {
    what: 'heap snapshots are not refused',
    edits: [[FILE, 'met: (env) => WRITES_MEMORY', "met: (env) => env['NEVER'] !== undefined && WRITES_MEMORY"]],
    env: crash('signal', SNAPSHOTS),
  },
  { what: 'reports hold the environment', edits: [[FILE, 'excludeEnv: true', 'excludeEnv: false']], env: crash('report', REPORTS) },
] as const;

describe('what a crash leaves', function () {
  this.timeout(7_200_000);
  before(function () {
    if (!canTrace()) this.skip();
  });

  it('holds no value: reports, traces, debug output; memory is not written at all', async () => {
    const seconds = stopwatch();
    const found = new Found();
    for (const env of FULL ? SETTINGS : USUAL) await Scan.of(FULL ? scene : once, { mode: ['--verbose'], env }, found);
    const { values, argv, disk } = found;
    const caught: string[] = [];
    for (const { env, ...fault } of PLANTS) {
      const planted = new Found();
      await Scan.of(once, { env, root: await plantedDcs(['sync'], fault) }, planted);
      if (planted.disk.length > 0) caught.push(fault.what);
    }
    expect(caught).to.deep.equal(PLANTS.map(({ what }) => what));
    expect({ values, argv, disk }).to.deep.equal({ values: [], argv: [], disk: [] });
    evidence(34, {
      figure: `0 hits in ${found.files} files and ${Math.round(found.bytes / 1e6)} MB that ${found.commands} commands left in ${SETTINGS.length} settings of Node, crashed in ${ENDS.length} ways`,
      met: true,
      note: 'Heap snapshots are refused; core dumps are the system’s',
      seconds: seconds(),
      planted: PLANTS.length,
      caught: caught.length,
    });
  });
});
