import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { EXIT } from 'dcs-sdk';
import { ROOT, world, YAML, type World } from './e2e/world.ts';
import { breaking, bumps, unannounced, type Surface } from './surface/breaking.ts';
import { documents, ELSEWHERE } from './surface/documents.ts';

const SNAPSHOT = fileURLToPath(new URL('command-surface.json', import.meta.url));
const { manifest, packages } = (await import('../scripts/manifest.mjs' as string)) as {
  manifest: (folder: string) => Promise<string>;
  packages: readonly string[];
};

const { exits } = (await import('../scripts/exit-codes.mjs' as string)) as {
  exits: (id: string, command: Command) => { codes: readonly number[]; more: readonly string[] };
};

interface Flag {
  readonly type: string;
  readonly char?: string;
  readonly multiple?: boolean;
  readonly required?: boolean;
  readonly options?: readonly string[];
}

interface Command {
  readonly package: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly multiple?: boolean }>>;
  readonly flags: Readonly<Record<string, Flag>>;
}

const commands = new Map<string, Command>();
const versions = new Map<string, string>();
for (const folder of packages) {
  const { name, version } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as { name: string; version: string };
  versions.set(name, version);
  for (const [id, command] of Object.entries((JSON.parse(await manifest(folder)) as { commands: Record<string, Command> }).commands))
    commands.set(id, { ...command, package: name });
}

const ids = (): string[] => [...commands.keys()].toSorted();
const words = (id: string): string => id.replaceAll(':', ' ');
const describeFlag = ({ type, char, multiple, options, required }: Flag): string =>
  [type, char ? `-${char}` : '', multiple ? 'multiple' : '', options ? options.join('|') : '', required ? 'required' : '']
    .filter((word) => word !== '')
    .join(' ');

function command(id: string): Surface['commands'][string] & { described: boolean; examples: boolean } {
  const { args, flags, examples, description, package: from } = commands.get(id)!;
  const { codes, more } = exits(id, commands.get(id)!);
  return {
    package: from,
    args: Object.entries(args).map(([name, { required, multiple }]) => `${name}${multiple ? '...' : ''}${required ? '' : '?'}`),
    flags: Object.fromEntries(
      Object.entries(flags)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, flag]) => [name, describeFlag(flag)]),
    ),
    exits: [...codes, ...more],
    described: Boolean(description),
    examples: (examples?.length ?? 0) > 0,
  };
}

/** The command that was typed: the longest words that are one. */
const typedCommand = (line: readonly string[]): string =>
  Array.from({ length: line.length }, (_, left) => line.slice(0, line.length - left).join(' ')).find((text) =>
    commands.has(text.replaceAll(' ', ':')),
  )!;

/** Key paths of a document, two levels deep; elements of a list as `[]`. Values are not surface. */
function keys(document: Readonly<Record<string, unknown>>): string[] {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(document)) {
    found.add(key);
    const element: unknown = Array.isArray(value) ? value[0] : undefined;
    if (key === 'error') for (const inner of Object.keys(value as object)) found.add(`error.${inner}`);
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

/** Read anew for each comparison: the first of them may write it. */
const snapshot = (): Surface => JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Surface;

describe('the surface of the command line', function () {
  this.timeout(400_000);
  let w: World;
  before(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  after(() => w.close());

  it('is the one in command-surface.json (meant? UPDATE_SURFACE=1)', async () => {
    const json: Record<string, string[]> = { error: keys(JSON.parse((await w.dcs(['diff', 'nope', '--json'])).out) as never) };
    const wrong: string[] = [];
    await documents(
      (line, document) => {
        const id = typedCommand(line);
        json[id] = [...new Set([...(json[id] ?? []), ...keys(document)])].toSorted();
        if (document['schema'] !== 1) wrong.push(`${line.join(' ')}: no schema`);
      },
      (line, told) => wrong.push(`${line.join(' ')}: ${told}`),
    );
    expect(wrong.join('\n')).to.equal('');
    const surface: Surface = {
      exit: EXIT,
      json: Object.fromEntries(Object.entries(json).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      commands: Object.fromEntries(ids().map((id) => [words(id), command(id)])),
    };
    if (process.env['UPDATE_SURFACE'] === '1') writeFileSync(SNAPSHOT, `${JSON.stringify(surface, undefined, 2)}\n`);
    const before = leaves(snapshot());
    const now = leaves(surface);
    const changes = [
      ...[...before].filter((leaf) => !now.has(leaf)).map((leaf) => `- ${leaf}`),
      ...[...now].filter((leaf) => !before.has(leaf)).map((leaf) => `+ ${leaf}`),
    ];
    expect(changes.join('\n')).to.equal('');
  });

  it('has the document of every command with --json (none? a line in test/surface/documents.ts)', () => {
    const { json } = snapshot();
    const withJson = ids().filter((id) => commands.get(id)!.flags['json'] !== undefined);
    expect(withJson.map(words).filter((id) => json[id] === undefined && !ELSEWHERE.has(id))).to.deep.equal([]);
    for (const [id, file] of ELSEWHERE) expect(existsSync(join(ROOT, file)), `${id}: ${file}`).to.equal(true);
  });

  it('breaks nothing of the last release without a changeset that says so', () => {
    const released = join(ROOT, 'test', 'released-surface.json');
    const everReleased = /^## \d/m.test(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'));
    expect(existsSync(released), 'npm run version-packages writes test/released-surface.json').to.equal(everReleased);
    if (!everReleased) return;
    const folder = join(ROOT, '.changeset');
    const changesets = readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    const breaks = breaking(JSON.parse(readFileSync(released, 'utf8')) as Surface, snapshot());
    expect(unannounced(breaks, bumps(changesets), versions)).to.deep.equal([]);
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
