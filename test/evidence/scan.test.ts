import { expect } from 'chai';
import { atMost } from '../../src/at-most.ts';
import { canary, forms, Scanner } from '../e2e/canaries.ts';
import { canTrace } from '../e2e/traced.ts';
import { YAML } from '../e2e/world.ts';
import { SCENES, type Scene } from '../surface/documents.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { Found, Scan, stranger, type Fault } from './scan.ts';

const MODES: readonly (readonly string[])[] = [[], ['--json'], ['--verbose']];
const FAULTS: readonly Fault[] = [
  { kind: 'html', status: 502, every: 3 },
  { kind: 'truncate', every: 3 },
  { kind: 'reset-after-commit', every: 4 },
  { kind: 'status', status: 401, every: 4 },
  { kind: 'status', status: 500, every: 3 },
];
/** What a program that dcs runs does, and which list has to name it: leaks, planted where each would be. */
const PLANTS: readonly (readonly [does: string, into: 'values' | 'argv' | 'disk' | 'modes' | 'strays'])[] = [
  ['echo "$STRIPE_KEY"', 'values'],
  ['echo "$STRIPE_KEY" >&2', 'values'],
  ['echo "${STRIPE_KEY%????????????????}"', 'values'],
  ['printf "x$STRIPE_KEY" | base64 -w0', 'values'],
  ['printf "xx$STRIPE_KEY" | base64 -w0 >&2', 'values'],
  ['printf "$STRIPE_KEY" | od -An -v -tx1 | tr -d " \\n"', 'values'],
  ['sh -c ": $STRIPE_KEY"', 'argv'],
  ['echo "$STRIPE_KEY" > leaked', 'disk'],
  ['echo "$STRIPE_KEY" > "$HOME/leaked"', 'disk'],
  ['echo "$STRIPE_KEY" | gzip > leaked.gz', 'disk'],
  ['echo "$DOPPLER_TOKEN" > "$TMPDIR/leaked"', 'disk'],
  ['umask 000; touch "$HOME/open"', 'modes'],
  ['umask 000; mkdir "$HOME/opened"', 'modes'],
  ['node -e "fetch(process.env.STRANGER)"', 'strays'],
];
const SMALL = 6;
const FEW = 'A dcs starts hardly a program but itself, and the faults ran with a part of the commands';

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
    const all = SCENES.flatMap((scene) => MODES.map((mode) => ({ scene, mode, fault: undefined as Fault | undefined })));
    // With faults: the commands of every day, and those of Google.
    const often = [SCENES[1]!, SCENES[7]!, SCENES[8]!];
    const broken = faults.flatMap((fault, at) =>
      often.map((scene) => ({ scene, mode: MODES[at % 3]!, fault: fault as Fault | undefined })),
    );
    const few = [
      { scene: SCENES[SMALL]!, mode: ['--verbose'], fault: undefined },
      { scene: SCENES[SMALL]!, mode: [], fault: faults.at(-1) },
    ];
    await atMost(3, FULL ? [...broken, ...all] : few, ({ scene, mode, fault }) => Scan.of(scene, mode, fault, found));
    found.strays.push(...other.heard);
    const caught = await plants();
    other.close();
    expect(caught, 'every planted leak is found').to.deep.equal(PLANTS.map(([does]) => does));
    const { values, argv, disk, modes, strays } = found;
    const measured = { seconds: seconds(), planted: PLANTS.length, caught: caught.length };
    const MB = Math.round(found.bytes / 1e6);
    const commands = `${found.commands.toLocaleString('en')} commands`;
    evidence(1, {
      ...measured,
      figure: `${argv.length} hits in ${found.programs.toLocaleString('en')} programs started by ${commands}`,
      met: argv.length === 0 && found.programs >= 1000,
      ...(found.programs < 1000 ? { note: FEW } : {}),
    });
    evidence(2, {
      ...measured,
      figure: `${values.length + strays.length} hits in ${MB} MB of output and files, ${commands} in three modes and under ${faults.length} faults`,
      met: values.length + strays.length === 0 && MB >= 500,
      ...(MB < 500 ? { note: 'Only what a command newly wrote is counted; the commands say little' } : {}),
    });
    evidence(3, {
      ...measured,
      figure: `${disk.length} of ${found.files.toLocaleString('en')} files hold a value; with umask 000, ${modes.length} are open to others`,
      met: disk.length + modes.length === 0,
    });
    expect({ values, argv, disk, modes, strays }).to.deep.equal({ values: [], argv: [], disk: [], modes: [], strays: [] });
  });

  it('finds every form of a value, and every piece of ten bytes', () => {
    const value = canary();
    const scanner = new Scanner([value]);
    for (const form of forms(value)) expect(scanner.find(`a${form}b`), form).to.be.a('string');
    for (let at = 0; at + 10 <= value.length; at++) expect(scanner.find(`a${value.slice(at, at + 10)}b`)).to.be.a('string');
    expect(scanner.find(forms(canary()).join(' '))).to.equal(undefined);
  });
});

/** The planted leaks that were found. */
async function plants(): Promise<string[]> {
  const caught: string[] = [];
  for (const [does, into] of PLANTS) {
    const found = new Found();
    const other = await stranger();
    const scene: Scene = {
      prepare: (w) => w.yaml(YAML),
      lines: [{ type: ['run', '-q', '--no-mask', '--command', does.replace('process.env.STRANGER', `'${other.url}'`)] }],
    };
    await Scan.of(scene, [], undefined, found);
    found.strays.push(...other.heard);
    other.close();
    if (found[into].length > 0) caught.push(does);
  }
  return caught;
}
