import { globSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { atMost } from '../../src/at-most.ts';
import { canary, forms, Scanner } from '../e2e/canaries.ts';
import { canTrace } from '../e2e/traced.ts';
import { SCENES } from '../surface/documents.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plants } from './scan-plants.ts';
import { asking, loud, PROGRAMS, type Seen } from './scan-scenes.ts';
import { Found, Scan, stranger, type Fault, type Way } from './scan.ts';

type Play = readonly [Seen, Way];

const MODES: readonly (readonly string[])[] = [[], ['--json'], ['--verbose']];
const FAULTS: readonly Fault[] = [
  { kind: 'html', status: 502, every: 3 },
  { kind: 'truncate', every: 3 },
  { kind: 'reset-after-commit', every: 4 },
  { kind: 'status', status: 401, every: 4 },
  { kind: 'status', status: 500, every: 3 },
];
const SMALL = 6;
const LOUD = FULL ? loud(25, 12) : loud(1, 1);

describe('canaries as all values, in all that comes of every command', function () {
  this.timeout(7_200_000);
  let umask: number;
  before(function () {
    if (!canTrace()) return this.skip();
    umask = process.umask(0); // what is private is so because dcs makes it so
  });
  after(() => void (umask !== undefined && process.umask(umask)));

  it('none is printed, written to a file, given to a program or sent to another host', async () => {
    const seconds = stopwatch();
    const other = await stranger();
    const faults: readonly Fault[] = [...FAULTS, { kind: 'redirect', status: 307, every: 3, headers: { location: other.url } }];
    const found = new Found();
    const scenes: readonly Seen[] = [...SCENES, ...PROGRAMS];
    const all = scenes.flatMap((scene) => MODES.map((mode): Play => [scene, { mode }]));
    const broken = faults.flatMap((fault, at) =>
      scenes.map((scene, next): Play => [asking(scene), { mode: MODES[(at + next) % MODES.length]!, fault }]),
    );
    const few: Play[] = [
      [SCENES[SMALL]!, { mode: ['--verbose'] }],
      [SCENES[SMALL]!, { fault: faults.at(-1) }],
    ];
    await atMost(5, [[LOUD, {}] as Play, ...(FULL ? [...broken, ...all] : few)], ([scene, way]) => Scan.of(scene, way, found));
    found.strays.push(...other.heard);
    other.close();
    const planted = await plants(FULL ? undefined : 1);
    const missed = [...planted].filter(([, caught]) => !caught).map(([what]) => what);
    expect(missed, 'every planted leak is found').to.deep.equal([]);
    const { values, argv, disk, modes, strays, unplayed } = found;
    const measured = { seconds: seconds(), planted: planted.size, caught: planted.size - missed.length };
    const MB = Math.round(found.bytes / 1e6);
    // A mask for each value that a program printed: they were there, and more than silence came of it.
    const masked = found.printed > 0 && found.masked >= found.printed;
    const commands = `${found.commands.toLocaleString('en')} commands`;
    evidence(1, {
      ...measured,
      figure: `${argv.length} hits in ${found.programs.toLocaleString('en')} programs started by ${commands}`,
      met: argv.length + unplayed.length === 0 && found.programs >= 1000,
      note: 'dcs itself, and all that it starts: shells and what they start, git, Node',
    });
    evidence(2, {
      ...measured,
      figure: `${values.length + strays.length} hits in ${MB} MB of output and files, ${commands} in three modes and under ${faults.length} faults`,
      met: values.length + strays.length + unplayed.length === 0 && masked && MB >= 500,
      note: `${Math.round(found.loud / 1e6)} MB of it come of programs that print all the time what they were given, under dcs run and dcs serve: ${found.printed.toLocaleString('en')} values in 12 forms, in pieces of 1 byte to 64 KiB, each masked; the rest is what the commands print and the files they write, Node’s compiled code among them`,
    });
    evidence(3, {
      ...measured,
      figure: `${disk.length} of ${found.files.toLocaleString('en')} files hold a value; with umask 000, ${modes.length} are open to others`,
      met: disk.length + modes.length === 0,
    });
    expect(masked, `${found.masked} masks over ${found.printed} values`).to.equal(true);
    const none = { values: [], argv: [], disk: [], modes: [], strays: [], unplayed: [] };
    expect({ values, argv, disk, modes, strays, unplayed }).to.deep.equal(none);
  });

  it('every command is typed, but for what needs a registry, a queue or a terminal', () => {
    const files = ['oclif.manifest.json', ...globSync('plugins/dcs-plugin-*/oclif.manifest.json')];
    const ids = files.flatMap((file) => Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { commands: object }).commands));
    const typed = [...SCENES, ...PROGRAMS, LOUD].flatMap(({ lines }) => lines.map(({ type }) => `dcs ${type.join(' ')} `)).join('\n');
    const never = ids.map((id) => id.replaceAll(':', ' ')).filter((id) => !new RegExp(`dcs ${id}[ ;]`).test(typed));
    expect(never.toSorted()).to.deep.equal([
      'plugins install',
      'plugins link',
      'plugins reset',
      'plugins uninstall',
      'plugins update',
      'sandbox shell',
      'shell export',
      'update',
      'webhook worker',
    ]);
  });

  it('finds every form of a value, and every piece of ten bytes', () => {
    const value = canary();
    const scanner = new Scanner([value]);
    for (const form of forms(value)) expect(scanner.find(`a${form}b`), form).to.be.a('string');
    for (let at = 0; at + 10 <= value.length; at++) expect(scanner.find(`a${value.slice(at, at + 10)}b`)).to.be.a('string');
    expect(scanner.find(forms(canary()).join(' '))).to.equal(undefined);
  });
});
