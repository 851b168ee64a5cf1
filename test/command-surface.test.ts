import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { EXIT } from 'dcs-sdk';
import { world, YAML, type World } from './e2e/world.ts';

const SNAPSHOT = fileURLToPath(new URL('command-surface.json', import.meta.url));
const { manifest, packages } = (await import('../scripts/manifest.mjs' as string)) as {
  manifest: (folder: string) => Promise<string>;
  packages: readonly string[];
};

interface Flag {
  readonly type: string;
  readonly char?: string;
  readonly multiple?: boolean;
  readonly options?: readonly string[];
}

interface Command {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly multiple?: boolean }>>;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly hasDynamicHelp?: boolean;
}

const commands = new Map<string, Command>();
for (const folder of packages)
  for (const [id, command] of Object.entries((JSON.parse(await manifest(folder)) as { commands: Record<string, Command> }).commands))
    commands.set(id, command);

/** Their `--json` documents are part of the surface: scripts read them. */
const DOCUMENTS: readonly (readonly string[])[] = [
  ['context'],
  ['targets'],
  ['diff', '-e', 'staging'],
  ['sync', '-e', 'staging', '--yes'],
  ['status'],
  ['doctor'],
  ['env'],
  ['types'],
  ['whoami'],
  ['config', 'show'],
];

const ids = (): string[] => [...commands.keys()].toSorted();
const describeFlag = ({ type, char, multiple, options }: Flag): string =>
  [type, char ? `-${char}` : '', multiple ? 'multiple' : '', options ? options.join('|') : ''].filter((word) => word !== '').join(' ');

function command(id: string): object {
  const { args, flags, examples, description } = commands.get(id)!;
  return {
    args: Object.entries(args).map(([name, { required, multiple }]) => `${name}${multiple ? '...' : ''}${required ? '' : '?'}`),
    flags: Object.fromEntries(
      Object.entries(flags)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, flag]) => [name, describeFlag(flag)]),
    ),
    described: Boolean(description),
    examples: (examples?.length ?? 0) > 0,
  };
}

/** Key paths of a document, two levels deep; elements of a list as `[]`. Values are not surface. */
function keys(document: Readonly<Record<string, unknown>>): string[] {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(document)) {
    found.add(key);
    const element: unknown = Array.isArray(value) ? value[0] : undefined;
    if (typeof element === 'object' && element !== null) for (const inner of Object.keys(element)) found.add(`${key}[].${inner}`);
  }
  return [...found].toSorted();
}

/** `path: value` of everything in it: mocha cuts the diff of a long document off. */
function leaves(value: unknown, path = ''): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set([`${path}: ${String(value)}`]);
  const inner = Object.entries(value);
  // A list of words is a set of them.
  return new Set(
    inner.length === 0
      ? [`${path}: nothing`]
      : inner.flatMap(([key, one]) => [
          ...leaves(one, Array.isArray(value) && path.startsWith('json') ? path : `${path}${path && ' > '}${key}`),
        ]),
  );
}

describe('the surface of the command line', function () {
  this.timeout(120_000);
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  after(() => w.close());

  it('is the one in command-surface.json (meant? UPDATE_SURFACE=1)', async () => {
    const json: Record<string, string[]> = {};
    for (const words of DOCUMENTS) {
      const run = await w.dcs([...words, '--json']);
      json[words.filter((word) => /^[a-z]+$/.test(word) && word !== 'staging').join(' ')] = keys(run.json());
      expect(run.json(), `${words.join(' ')}: ${run.out}`).to.have.property('schema', 1);
      expect(run.json(), `${words.join(' ')}: ${run.out}`).to.not.have.property('error');
    }
    const surface = { exit: EXIT, json, commands: Object.fromEntries(ids().map((id) => [id.replaceAll(':', ' '), command(id)])) };
    if (process.env['UPDATE_SURFACE'] === '1') writeFileSync(SNAPSHOT, `${JSON.stringify(surface, undefined, 2)}\n`);
    const before = leaves(JSON.parse(readFileSync(SNAPSHOT, 'utf8')));
    const now = leaves(surface);
    const changes = [
      ...[...before].filter((leaf) => !now.has(leaf)).map((leaf) => `- ${leaf}`),
      ...[...now].filter((leaf) => !before.has(leaf)).map((leaf) => `+ ${leaf}`),
    ];
    expect(changes.join('\n')).to.equal('');
  });

  it('has a description and examples for every command', () => {
    expect(ids()).to.include.members(['sync', 'sync:cloudflare', 'sandbox:demo']);
    expect(ids().filter((id) => !commands.get(id)!.description || !commands.get(id)!.examples?.length)).to.deep.equal([]);
  });

  for (const id of ids())
    it(`refuses an unknown flag: ${id.replaceAll(':', ' ')}`, async () => {
      const run = await w.dcs([...id.split(':'), '--bogus']);
      // What starts a program answers with the program's codes, and 125 for its own failures, as env(1) does.
      expect(run.code, run.err + run.out).to.equal(['run', 'serve'].includes(id) ? 125 : EXIT.USAGE);
      expect(run.err).to.contain('--bogus');
      expect(run.out).to.equal('');
    });
});
