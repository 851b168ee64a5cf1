import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect } from 'chai';
import { isDcsError, Secret } from 'dcs-sdk';
import dotenv from 'dotenv';
import fc from 'fast-check';
import { parse as parseYaml } from 'yaml';
import { FORMATS, renderFormat } from '../../src/run/formats/index.ts';
import { FORMAT_NAMES, type FormatName } from '../../src/run/formats/names.ts';
import { entries, NASTY, values, written } from './nasty.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'dcs-formats-'));
const all = new Map(NASTY.map((value, index) => [`NAME_${index}`, value]));
const found = (program: string): boolean => (process.env['PATH'] ?? '').split(delimiter).some((one) => existsSync(join(one, program)));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

type Reader = (text: string) => unknown;
const pairs = (read: unknown): [string, unknown][] => Object.entries(read as object).toSorted(([a], [b]) => (a < b ? -1 : 1));

function roundTrips(kind: FormatName, reader: Reader): void {
  fc.assert(
    fc.property(entries, (given) => {
      const { held, text } = written(kind, given);
      expect(pairs(reader(text)), text).to.deep.equal(pairs(Object.fromEntries(held)));
    }),
    { numRuns: 300, examples: [[all]] },
  );
}

describe('files, read by those who read them', function () {
  this.timeout(120_000);

  it('.env: node --env-file', () => roundTrips('dotenv', parseEnv));
  it('.env: dotenv, which wrangler and Vite use too', () => roundTrips('dotenv', (text) => dotenv.parse(text)));
  it('.env: keeps names that every object inherits, but for the one that its readers lose', () => {
    const text = '__proto__=x\nconstructor=y\n';
    for (const read of [parseEnv, dotenv.parse]) expect(Object.keys(read(text))).to.deep.equal(['constructor']);
    expect(FORMATS.dotenv.refuses({ name: '__proto__', value: 'x' })).to.be.a('string');
    expect(FORMATS.dotenv.refuses({ name: 'constructor', value: 'x' })).to.equal(undefined);
  });
  it('.env: refuses only what cannot be written in any way', () => {
    for (const value of ["it's", '"`', `a'b"c\`d`, 'a\nb', '#x', ' x ', 'ends in \\', '$x'])
      expect(FORMATS.dotenv.refuses({ name: 'NAME', value }), value).to.equal(undefined);
  });

  it('.secret.local: as the Firebase CLI reads it, where that is installed', function () {
    const installed = join(ROOT, 'test/conformance/node_modules/firebase-tools/lib/functions/env.js');
    if (!existsSync(installed)) return this.skip();
    const { parseStrict } = createRequire(import.meta.url)(installed) as { parseStrict: (text: string) => object };
    roundTrips('firebase', parseStrict);
  });
  it('.secret.local: double quotes and escapes; without quotes where a backslash ends the value', () => {
    const { text } = written(
      'firebase',
      new Map([
        ['A', `it's "so"\n\n#`],
        ['B', 'ends in \\'],
        ['C', 'a\r\n\\b'],
        ['D', ''],
      ]),
    );
    expect(text).to.equal('A="it\'s \\"so\\"\\n\\n#"\nB=ends in \\\nC="a\\r\\n\\\\b"\nD=""\n');
    for (const [name, value] of [
      ['FIREBASE_X', 'v'],
      ['lower', 'v'],
      ['A', '# \\'],
      ['A', ' \\'],
      ['A', 'a\nb\\'],
    ])
      expect(FORMATS.firebase.refuses({ name: name!, value: value! }), name).to.be.a('string');
  });

  it('JSON', () => roundTrips('json', JSON.parse));
  for (const version of ['1.1', '1.2', 'next'] as const)
    it(`YAML ${version}`, () => roundTrips('yaml', (text) => parseYaml(text, { version })));
  it('YAML, as Python reads it', function () {
    if (spawnSync('python3', ['-c', 'import yaml']).status !== 0) return this.skip();
    const { held, text } = written('yaml', all);
    const { stdout, stderr } = spawnSync('python3', ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))'], {
      input: text,
      encoding: 'utf8',
      maxBuffer: 1e7,
    });
    expect(stderr).to.equal('');
    expect(pairs(JSON.parse(stdout))).to.deep.equal(pairs(Object.fromEntries(held)));
  });
  it('YAML, where a name could be a value', () => {
    for (const name of [
      'NO',
      'y',
      'null',
      '~',
      '1_000',
      'A_1',
      '0x1',
      '.inf',
      '<<',
      '=',
      '__proto__',
      'a: b',
      '- a',
      '#',
      '*a',
      '&a',
      '!a',
      '?',
      '',
    ])
      for (const version of ['1.1', '1.2'] as const) {
        const text = renderFormat('yaml', new Map([[name, new Secret('v')]]));
        expect(Object.keys(parseYaml(text, { version, merge: true }) as object), text).to.deep.equal([name]);
      }
  });

  it('docker create --env-file, as its client sends it', async function () {
    if (!found('docker')) return this.skip();
    const { held, text } = written('docker', all);
    expect(held.size).to.be.greaterThan(25);
    expect(await dockerReads(file('docker.env', text))).to.deep.equal([...held].map(([name, value]) => `${name}=${value}`).toSorted());
  });

  it('kubectl reads the Secret', function () {
    if (!found('kubectl')) return this.skip();
    const { held, text } = written('kubernetes', all);
    const { stdout, stderr } = spawnSync('kubectl', ['label', '--local', '-f', '-', 'a=b', '-o', 'json'], {
      input: text,
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    const { metadata, data, type } = JSON.parse(stdout) as { metadata: { name: string }; type: string; data: Record<string, string> };
    expect({ name: metadata.name, type }).to.deep.equal({ name: 'shop', type: 'Opaque' });
    expect(pairs(data).map(([name, text64]) => [name, Buffer.from(String(text64), 'base64').toString()])).to.deep.equal(
      pairs(Object.fromEntries(held)),
    );
  });

  it('a Kubernetes Secret: any value; a name that the cluster takes', () => {
    roundTrips('kubernetes', (text) => {
      const { data } = parseYaml(text) as { data: Record<string, string> };
      return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]));
    });
    for (const secretName of [undefined, '', 'Shop', 'a_b', '-a', 'a.', 'a'.repeat(254), 'a\nb'])
      expect(() => renderFormat('kubernetes', new Map(), secretName === undefined ? {} : { secretName })).to.throw(/Secret/);
  });

  it('terraform reads the variables', function () {
    if (!found('terraform')) return this.skip();
    const { held, text } = written('tfvars', all);
    expect(held.size).to.be.greaterThan(30);
    file('main.tf', [...held.keys()].map((name) => `variable "${name}" { type = string }\n`).join(''));
    const { stdout, stderr } = spawnSync('terraform', ['console', '-no-color', `-var-file=${file('x.tfvars', text)}`], {
      cwd: folder,
      input: `base64encode(jsonencode({${[...held.keys()].map((name) => `${name} = var.${name}`).join(', ')}}))\n`,
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
      encoding: 'utf8',
    });
    expect(stderr).to.not.contain('Error');
    const read = JSON.parse(Buffer.from(stdout.trim().replaceAll('"', ''), 'base64').toString()) as object;
    expect(pairs(read)).to.deep.equal(pairs(Object.fromEntries(held)));
  });

  it('$GITHUB_ENV: a value ends at its own delimiter only', () => {
    roundTrips('github-env', readGithubEnv);
    const forged = 'a\ndcs_0\nNODE_OPTIONS<<x\n--require=evil\nx';
    expect(readGithubEnv(written('github-env', new Map([['NAME', forged]])).text)).to.deep.equal({ NAME: forged });
    const ends = new Set(Array.from({ length: 20 }, () => /<<(.+)/.exec(written('github-env', new Map([['NAME', '']])).text)![1]));
    expect(ends.size).to.equal(20);
  });

  it('no format writes a name as anything but a name', () => {
    for (const kind of FORMAT_NAMES)
      for (const name of ['A;touch x', '$(touch x)', 'A B', 'A=B', 'A\nB', '', "A'", 'A"', '-A']) {
        const refused = FORMATS[kind].refuses({ name, value: 'v' });
        if (!['json', 'yaml', 'kubernetes'].includes(kind)) expect(refused, `${kind} ${name}`).to.be.a('string');
      }
    for (const name of ['', '.', '..', '..a', 'a/b', 'a b', 'a'.repeat(254)])
      expect(FORMATS.kubernetes.refuses({ name, value: 'v' }), name).to.be.a('string');
  });

  it('says which secrets do not fit, which format holds them, and no value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMAT_NAMES), values, (kind, value) => {
        const secrets = new Map([
          ['GOOD', new Secret('good')],
          ['NAME', new Secret(`${value}canary`)],
        ]);
        try {
          renderFormat(kind, secrets, { secretName: 'shop' });
        } catch (error) {
          if (!isDcsError(error)) throw error;
          expect(error.code).to.equal('TARGET');
          expect(error.details.why).to.match(/^NAME /);
          expect(JSON.stringify([error.message, error.details])).to.not.contain('canary');
          const other = /^--format (\S+)/.exec(String(error.details.hint?.[0]))![1] as FormatName;
          expect(() => renderFormat(other, secrets, { secretName: 'shop' })).to.not.throw();
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** The one part of the runner that reads the file: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings */
function readGithubEnv(text: string): Record<string, string> {
  const read: [string, string][] = [];
  const lines = [...text.matchAll(/([^\n]*?)(\r?\n)/g)].map(([, line, end]) => ({ line: line!, end: end! }));
  for (let at = 0; at < lines.length; at += 1) {
    const [, name, delimiterLine] = /^([^=]+?)<<(.+)$/s.exec(lines[at]!.line)!;
    const stop = lines.findIndex(({ line }, index) => index > at && line === delimiterLine);
    const body = lines.slice(at + 1, stop);
    read.push([name!, body.map(({ line, end }, index) => (index === body.length - 1 ? line : line + end)).join('')]);
    at = stop;
  }
  return Object.fromEntries(read);
}

/** What the docker client sends to a daemon that it is given. */
async function dockerReads(envFile: string): Promise<string[]> {
  let sent: string[] = [];
  const body = async (request: IncomingMessage): Promise<string> => (await request.toArray()).join('');
  const daemon = createServer((request, response) => {
    void (async () => {
      const text = await body(request);
      response.setHeader('api-version', '1.50');
      if (!request.url!.includes('/containers/create')) return response.end('OK');
      sent = (JSON.parse(text) as { Env: string[] }).Env;
      return response.writeHead(500).end('{"message":"enough"}');
    })();
  });
  await new Promise<void>((resolve) => daemon.listen(0, '127.0.0.1', resolve));
  const host = `tcp://127.0.0.1:${(daemon.address() as AddressInfo).port}`;
  const args = ['--host', host, 'create', '--pull', 'never', '--env-file', envFile, 'image'];
  await new Promise<void>((resolve) => execFile('docker', args, { env: { PATH: process.env['PATH'], HOME: folder } }, () => resolve()));
  daemon.close();
  return sent.toSorted();
}
