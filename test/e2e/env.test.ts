import { spawn } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { canary, NASTY, refused, repository, type Repository } from './repository.ts';
import { ROOT, world, YAML, type World } from './world.ts';

const DCS = join(ROOT, 'bin', 'run.js');

describe('dcs env', function () {
  this.timeout(60_000);
  let w: Repository;
  beforeEach(async () => {
    w = await repository();
  });
  afterEach(() => w.close());

  const file = (name: string): string => join(w.project, name);
  const text = (name: string): Promise<string> => readFile(file(name), 'utf8');

  it('lists the names and where each comes from; never a value', async () => {
    await w.doppler('dev_personal', { STRIPE_KEY: canary });
    await w.doppler('dev', { GONE: 'x', BROKEN: '${GONE}' });
    await w.doppler('dev', { GONE: null });
    const ran = await w.dcs(['env']);
    expect(ran.code).to.equal(0);
    expect(ran.out)
      .to.match(/^NAME +FROM\n/)
      .and.to.match(/^STRIPE_KEY +shop\/dev_personal \(yours\)$/m);
    expect(ran.out).to.match(/^BROKEN .* unresolved: /m);
    expect(ran.err).to.match(/^SANDBOX · dev/);
    const json = (await w.dcs(['env', '--json'])).json() as { schema: number; names: { name: string; state: string }[] };
    expect(json.schema).to.equal(1);
    expect(json.names.find(({ name }) => name === 'BROKEN')).to.include({
      state: 'unresolved',
      config: 'shop/dev_personal',
      personal: true,
    });
    for (const one of [ran.out, ran.err, JSON.stringify(json)]) expect(one).to.not.contain(canary);
  });

  it('lists names also where dcs.yaml requires more than Doppler has', async () => {
    await w.yaml(`${YAML}secrets: {NEEDED: {required: [dev]}}\n`);
    expect((await w.dcs(['env'])).code).to.equal(0);
    refused(await w.dcs(['env', '--format', 'json', '--reveal']), 7, 'Nothing was written or printed.');
  });

  it('prints values with --reveal only, and in CI with a second word', async () => {
    const print = ['env', '--format', 'json'];
    refused(await w.dcs(print), 7, '--reveal');
    refused(await w.dcs([...print, '--allow', 'reveal']), 7, '--reveal');
    const shown = await w.dcs([...print, '--reveal']);
    expect(JSON.parse(shown.out)).to.include({ CANARY: canary, NASTY });
    expect(shown.err).to.not.contain(canary);
    const env = { CI: 'true' };
    for (const words of [print, ['env', '--json']])
      refused(await w.dcs([...words, '--reveal'], { env }), 7, words.includes('--json') ? '' : '--allow reveal');
    expect((await w.dcs([...print, '--reveal', '--allow', 'reveal'], { env })).code).to.equal(0);
    const json = (await w.dcs(['env', '--json', '--reveal'])).json() as { names: { name: string; value: string }[] };
    expect(json.names.find(({ name }) => name === 'NASTY')?.value).to.equal(NASTY);
    refused(await w.dcs(['env', '--reveal']), 64, 'which format');
    refused(await w.dcs([...print, '--json', '--reveal']), 64, '--json and a format');
  });

  it('prints no value in any refusal, verbose or as JSON, and keeps none on the disk', async () => {
    const outputs: string[] = [];
    for (const words of [
      ['env'],
      ['env', '--json'],
      ['env', '--format', 'docker'],
      ['env', '--format', 'dotenv', '--out', 'open.env'],
      ['env', '--format', 'docker', '--reveal', '--only', 'NASTY'],
      ['env', '--format', 'cmd', '--reveal', '--only', 'NASTY', '--json'],
      ['env', '--template', 'absent', '--reveal'],
      ['env', '--offline'],
      ['env', '--for', 'nope'],
      ['types'],
      ['types', '--accessor', '--json'],
    ])
      for (const more of [[], ['--verbose']]) {
        const { out, err } = await w.dcs([...words, ...more]);
        outputs.push(out + err);
      }
    for (const folder of [w.home, w.project])
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) outputs.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
    const forms = [canary, Buffer.from(canary).toString('base64').slice(0, 40), Buffer.from(canary).toString('hex'), "it's $HOME"];
    expect(outputs.filter((output) => forms.some((form) => output.includes(form)))).to.deep.equal([]);
  });

  it('is read back by eval, and leaves out what changes how programs start', async () => {
    await w.doppler('dev', { PATH: '/nowhere', NODE_OPTIONS: '--require=/x' });
    const line = `eval "$(${process.execPath} ${DCS} env --format bash --reveal)"; exec ${process.execPath} -p 'JSON.stringify([process.env.NASTY, process.env.CANARY, process.env.NODE_OPTIONS ?? null, process.env.PATH])'`;
    const child = spawn('bash', ['-c', line], { cwd: w.project, env: w.env });
    const [out, err] = await Promise.all([child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')));
    expect(JSON.parse(out!)).to.deep.equal([NASTY, canary, null, w.env['PATH']]);
    expect(err).to.contain('! NODE_OPTIONS, PATH left out');
    const allowed = await w.dcs(['env', '--format', 'bash', '--reveal', '--only', 'PATH', '--allow-name', 'PATH']);
    expect(allowed.out).to.equal("export PATH='/nowhere'\n");
  });

  it('names the secrets that a format cannot hold, and a format that can', async () => {
    const ran = await w.dcs(['env', '--format', 'docker', '--reveal']);
    refused(ran, 4, 'NASTY holds a line break');
    expect(ran.out).to.equal('');
    const [, other] = /--format (\S+) /.exec(ran.err)!;
    expect((await w.dcs(['env', '--format', other!, '--reveal'])).code).to.equal(0);
  });

  it('--template fills names in, filtered, and says where a wrong one stands', async () => {
    await w.doppler('dev', { EMPTY: '' });
    await writeFile(
      file('t'),
      'a={{CANARY}} <{{{NASTY}}}>\nj={{ NASTY | json }} b={{NASTY|b64enc}} q={{NASTY | quote}}\n{{NASTY | indent 4}}\n{{#EMPTY}}no{{/EMPTY}}{{^EMPTY}}none{{/EMPTY}}\n{{=<% %>=}}{{CANARY}}',
    );
    const ran = await w.dcs(['env', '--template', 't', '--out', '.env']);
    expect(ran.code, ran.err).to.equal(0);
    const quoted = `'${NASTY.replaceAll("'", `'\\''`)}'`;
    const indented = NASTY.split('\n')
      .map((line) => `    ${line}`)
      .join('\n');
    expect(await text('.env')).to.equal(
      `a=${canary} <${NASTY}>\nj=${JSON.stringify(NASTY)} b=${Buffer.from(NASTY).toString('base64')} q=${quoted}\n${indented}\nnone\n{{CANARY}}`,
    );
    for (const [template, words] of [
      ['x\n  {{NOPE}}', 't:2:3: There is no secret "NOPE"'],
      ['{{#NOPE}}x{{/NOPE}}', 't:1:1: There is no secret'],
      ['{{#CANARY}}\n{{constructor}}{{/CANARY}}', 't:2:1: There is no secret "constructor"'],
      ['é{{CANARY | upper}}', 't:1:2: There is no filter "upper"'],
      ['{{CANARY | indent}}', 't:1:1: indent wants a number'],
      ['{{CANARY | json 2}}', 't:1:1: json takes nothing'],
      ['a\n{{CANARY', 't:2:9: Unclosed tag'],
      ['{{> /etc/passwd}}', 't:1:1: A template includes no other file'],
      ['{{#CANARY}}', 't:1:12: Unclosed section'],
    ] as const) {
      await writeFile(file('t'), template);
      refused(await w.dcs(['env', '--template', 't', '--reveal']), 2, words);
    }
    refused(await w.dcs(['env', '--template', 'absent', '--reveal']), 64, 'There is no template');
  });

  it('--name-transformer changes the names, and refuses to make two of them one', async () => {
    const names = async (kind: string): Promise<string[]> =>
      Object.keys(
        JSON.parse(
          (await w.dcs(['env', '--format', 'json', '--reveal', '--only', 'STRIPE_KEY', '--name-transformer', kind])).out,
        ) as object,
      );
    expect(await names('camel')).to.deep.equal(['stripeKey']);
    expect(await names('tf-var')).to.deep.equal(['TF_VAR_stripe_key']);
    await w.doppler('dev', { STRIPE__KEY: canary });
    refused(await w.dcs(['env', '--format', 'json', '--reveal', '--name-transformer', 'camel']), 6, 'both become stripeKey');
  });

  it('merges environments, the later one winning, and says for which names', async () => {
    await w.doppler('stg', { ONLY_STG: 'stg', CANARY: 'other' });
    const ran = await w.dcs([
      'env',
      '-e',
      'staging',
      '-e',
      'dev',
      '--format',
      'json',
      '--reveal',
      '--only',
      'CANARY',
      '--only',
      'ONLY_STG',
    ]);
    expect(JSON.parse(ran.out)).to.deep.equal({ CANARY: canary, ONLY_STG: 'stg' });
    expect(ran.err).to.match(/^· shop\/dev\w* wins over shop\/stg\w*: CANARY$/m);
    expect((await w.dcs(['env', '-e', 'staging', '-e', 'dev'])).out).to.match(/^CANARY +shop\/dev\w*( \(yours\))? +over shop\/stg\w*$/m);
  });
});

describe('dcs types', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(`${YAML}secrets: {NEEDED: {required: true, type: number, owner: ops}}\n`);
    await w.doppler('dev', { CANARY: canary });
  });
  afterEach(() => w.close());

  it('prints the names of Doppler and dcs.yaml, also before the required ones are set; no value', async () => {
    const ran = await w.dcs(['types']);
    expect(ran.code, ran.err).to.equal(0);
    expect(ran.out).to.contain('    /** in every environment; number; owner ops */\n    NEEDED: `${number}`;\n');
    expect(ran.out).to.contain('    /** optional; string */\n    CANARY?: string;\n');
    expect(ran.out + ran.err).to.not.contain(canary);
    const { text: same, names } = (await w.dcs(['types', '--json'])).json() as { text: string; names: { name: string }[] };
    expect(same).to.equal(ran.out);
    expect(names.find(({ name }) => name === 'NEEDED')).to.deep.equal({ name: 'NEEDED', type: 'number', always: true });
  });

  it('writes a file that may be committed', async () => {
    const ran = await w.dcs(['types', '--accessor', '--out', 'secrets.ts']);
    expect(ran.err).to.contain('✓ secrets.ts written');
    expect((await w.dcs(['types', '--out', 'no/such/env.d.ts'])).err).to.contain('USAGE  There is no folder');
    expect(await readFile(join(w.project, 'secrets.ts'), 'utf8'))
      .to.contain('get NEEDED(): number {')
      .and.not.to.contain(canary);
    expect((await stat(join(w.project, 'secrets.ts'))).mode & 0o777).to.equal(0o644);
  });
});
