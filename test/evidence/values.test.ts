import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect } from 'chai';
import { isDcsError, Secret } from 'dcs-sdk';
import dotenv from 'dotenv';
import fc from 'fast-check';
import { parse as parseYaml } from 'yaml';
import { parse as parseConfig } from '../../src/config/document.ts';
import { makeProject } from '../../src/config/project.ts';
import { configSchema } from '../../src/config/schema.ts';
import { renderFormat } from '../../src/run/formats/index.ts';
import type { FormatName } from '../../src/run/formats/names.ts';
import { singleQuoted } from '../../src/run/formats/posix.ts';
import { values, written } from '../run/nasty.ts';
import { evidence, sized, stopwatch } from './evidence.ts';

const seed = 20261121;
const folder = mkdtempSync(join(tmpdir(), 'dcs-values-'));
const onDisk = (text: string): string => {
  writeFileSync(join(folder, 'file'), text);
  return join(folder, 'file');
};
const installed = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

type Read = Readonly<Record<string, unknown>>;
interface Reader {
  readonly title: string;
  readonly kind: FormatName;
  readonly read: (text: string) => Read;
}
const DUMP = `process.stdout.write(JSON.stringify(process.env))`;
function program(name: string, args: readonly string[], input?: string): Read {
  const env = { PATH: process.env['PATH'], HOME: folder };
  const { stdout, status, stderr } = spawnSync(name, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${name}: ${stderr.slice(0, 200)}`);
  return JSON.parse(stdout) as Read;
}
const sourced = (shell: string, args: readonly string[]) => (text: string) =>
  program(shell, [...args, '-c', `. '${onDisk(text)}'; '${process.execPath}' -e '${DUMP}'`]);
const PYTHON = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))';
const base64 = (held: Read): Read =>
  Object.fromEntries(Object.entries(held).map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString()]));

const READERS: readonly Reader[] = [
  { title: 'dotenv', kind: 'dotenv', read: (text) => dotenv.parse(text) },
  { title: 'util.parseEnv', kind: 'dotenv', read: (text) => parseEnv(text) as Read },
  { title: 'node --env-file', kind: 'dotenv', read: (text) => program(process.execPath, [`--env-file=${onDisk(text)}`, '-e', DUMP]) },
  { title: 'JSON', kind: 'json', read: (text) => JSON.parse(text) as Read },
  { title: 'yaml', kind: 'yaml', read: (text) => parseYaml(text) as Read },
  { title: "Kubernetes' data", kind: 'kubernetes', read: (text) => base64((parseYaml(text) as { data: Read }).data) },
  { title: 'bash', kind: 'bash', read: sourced('bash', ['--norc']) },
  { title: 'sh', kind: 'bash', read: sourced('sh', []) },
  ...(installed('zsh') ? [{ title: 'zsh', kind: 'zsh', read: sourced('zsh', ['-f']) } as const] : []),
  ...(installed('fish') ? [{ title: 'fish', kind: 'fish', read: sourced('fish', ['-N']) } as const] : []),
  ...(spawnSync('python3', ['-c', 'import yaml']).status === 0
    ? [{ title: "Python's yaml", kind: 'yaml', read: (text: string) => program('python3', ['-c', PYTHON], text) } as const]
    : []),
];

/** Values of all kinds; those of 60 KB among them would only cost time. */
const all = (count: number, from: number): Map<string, string> =>
  new Map(
    fc
      .sample(values, { seed: seed + from, numRuns: count })
      .map((value, at) => [`NAME_${from + at}`, value] as const)
      .filter(([, { length }]) => length < 10_000),
  );

describe('values, at size', function () {
  this.timeout(7_200_000);
  const EACH = sized(200, 12_000);
  const BATCH = 200;

  it('come back byte for byte from those who read them, or are refused before anything is written', () => {
    const seconds = stopwatch();
    let held = 0;
    let refused = 0;
    const altered: string[] = [];
    for (const { title, kind, read } of READERS)
      for (let from = 0; from < EACH; from += BATCH) {
        const given = all(BATCH, from);
        const made = written(kind, given);
        const found = read(made.text);
        for (const [name, value] of made.held) if (found[name] !== value) altered.push(`${title} ${name}`);
        held += made.held.size;
        refused += given.size - made.held.size;
        if (made.held.size < given.size) expect(() => renderFormat(kind, secretsOf(given), { secretName: 'shop' })).to.throw(/cannot hold/);
      }
    expect(altered).to.deep.equal([]);
    const naive: readonly [Reader, (name: string, value: string) => string][] = [
      [READERS[0]!, (name, value) => `${name}="${value}"\n`],
      [READERS[1]!, (name, value) => `${name}='${value.replaceAll("'", "\\'")}'\n`],
      [READERS[4]!, (name, value) => `${name}: ${singleQuoted(value)}\n`],
    ];
    const caught = naive.filter(([{ read, kind }, line]) =>
      [...written(kind, all(BATCH, 0)).held].some(([name, value]) => {
        try {
          return read(line(name, value))[name] !== value;
        } catch {
          return true; // not even its syntax
        }
      }),
    ).length;
    expect(caught).to.equal(naive.length);
    evidence(12, {
      figure: `${held.toLocaleString('en')} values through ${READERS.length} readers (${READERS.map(({ title }) => title).join(', ')}): 0 altered; ${refused.toLocaleString('en')} refused before anything was written`,
      met: held >= 100_000,
      note: 'of targets, the contract kit writes and reads what quoting gets wrong first (row 36)',
      seed,
      seconds: seconds(),
      planted: naive.length,
      caught,
    });
  });

  const secretsOf = (given: ReadonlyMap<string, string>): Map<string, Secret> =>
    new Map([...given].map(([name, value]) => [name, new Secret(value)]));
});

describe('dcs.yaml and what is put into it', function () {
  this.timeout(7_200_000);
  const TEXT = `doppler:
  project: \${PROJECT}
  configs: { dev: dev }
targets:
  api:
    type: cloudflare
    account_id: \${ACCOUNT}
    worker: { dev: "\${WORKER}" } # \${NOT_SET} in a comment
    exclude: ['\${OTHER}']
`;
  interface Loaded {
    readonly targets: readonly string[];
    readonly raw: string;
  }
  const load = (text: string, env: Record<string, string>): Loaded => {
    const parsed = parseConfig(text, 'dcs.yaml', configSchema);
    const project = makeProject(parsed, env, { file: '/x/dcs.yaml', root: '/x' });
    return { targets: [...project.targets.keys()], raw: JSON.stringify([...project.environments.keys()]) };
  };
  const meta = fc
    .array(
      fc.oneof(
        fc.constantFrom(...Array.from(`:{}[],&*#?|-<>=!%@\`'"\n\t \\`), '\n  evil:\n    type: x\n', '${HOME}', '- ', '# '),
        fc.string({ maxLength: 4 }),
      ),
    )
    .map((parts) => parts.join(''));

  it('keeps its structure whatever a variable holds, and says every key that it does not know', () => {
    const seconds = stopwatch();
    const RUNS = sized(200, 20_000);
    const plain = load(TEXT, { PROJECT: 'shop', ACCOUNT: 'a', WORKER: 'w', OTHER: 'o' });
    const changed = (read: (text: string, env: Record<string, string>) => Loaded): boolean =>
      fc.check(
        fc.property(meta, (value) => {
          try {
            return JSON.stringify(read(TEXT, { PROJECT: value, ACCOUNT: value, WORKER: value, OTHER: value })) === JSON.stringify(plain);
          } catch (error) {
            return isDcsError(error) && error.code === 'CONFIG' && !/evil|not YAML/.test(error.message);
          }
        }),
        { seed, numRuns: RUNS },
      ).failed;
    expect(changed(load)).to.equal(false);
    // As a text before it is parsed: what a line break or a comment sign in a variable then does.
    const before = (text: string, env: Record<string, string>): Loaded =>
      load(
        text.replaceAll(/\$\{([A-Z]+)\}/g, (_, name: string) => env[name]!),
        env,
      );
    expect(changed(before)).to.equal(true);
    const [unknown, said] = unknownKeys();
    expect(said).to.equal(unknown);
    evidence(19, {
      figure: `${RUNS.toLocaleString('en')} values of variables in four places: 0 changes of structure; ${said} of ${unknown} misspelt keys said`,
      met: true,
      seed,
      seconds: seconds(),
      planted: 1,
      caught: 1,
    });
  });

  /** Every key of the file, with each of its letters left out. */
  function unknownKeys(): [unknown: number, said: number] {
    const keys = ['doppler', 'project', 'configs', 'targets'];
    const texts = keys.flatMap((key) => Array.from(key, (_, at) => TEXT.replace(`${key}:`, `${key.slice(0, at)}${key.slice(at + 1)}:`)));
    const said = texts.filter((text) => {
      try {
        load(text, { PROJECT: 'shop', ACCOUNT: 'a', WORKER: 'w', OTHER: 'o' });
        return false;
      } catch (error) {
        return isDcsError(error) && error.code === 'CONFIG';
      }
    });
    return [texts.length, said.length];
  }
});
