import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

const DCS = join(ROOT, 'bin', 'run.js');

describe('dcs run', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(() => w.close());

  const node = (code: string): string[] => ['--', process.execPath, '-e', code];
  /** The whole line through a shell, as a person types it. */
  const sh = (line: string): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise((resolve) => {
      const child = spawn('bash', ['-c', line.replaceAll('dcs ', `${process.execPath} ${DCS} `)], { cwd: w.project, env: w.env });
      const texts = { out: '', err: '' };
      child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
      child.on('close', (code) => resolve({ code, ...texts }));
    });

  it('gives the program the values, byte for byte, and says where it acts on stderr only', async () => {
    const value = 'line one\nline "two" `$x` \\ é 🔑\n';
    await w.doppler('dev', { NASTY: value });
    const code = `if (process.env.NASTY === ${JSON.stringify(value)}) process.stdout.write('exact')`;
    const ran = await w.dcs(['run', '--no-mask', ...node(code)]);
    expect(ran).to.include({ code: 0, out: 'exact' });
    expect(ran.err).to.match(/^SANDBOX · dev · Doppler shop\/dev · branch work/);
    expect((await w.dcs(['run', '-q', '--no-mask', ...node(code)])).err).to.equal('');
  });

  for (const mode of ['--no-mask', '--mask'])
    it(`answers every exit code, and 128+n for every signal (${mode})`, async function () {
      this.timeout(120_000);
      const codes = mode === '--no-mask' ? [0, 1, 7, 127, 255] : [0, 9, 255];
      const ends = await Promise.all(codes.map(async (code) => (await w.dcs(['run', mode, ...node(`process.exit(${code})`)])).code));
      expect(ends).to.deep.equal(codes);
      // Those that stop a process, or that nothing ends on, are no ends.
      const none = new Set([
        'SIGSTOP',
        'SIGTSTP',
        'SIGTTIN',
        'SIGTTOU',
        'SIGCONT',
        'SIGCHLD',
        'SIGURG',
        'SIGWINCH',
        'SIGUNUSED',
        'SIGIOT',
        'SIGPOLL',
      ]);
      const signals = Object.entries(constants.signals).filter(([name]) => !none.has(name));
      for (let at = 0; at < signals.length; at += 6)
        // oxlint-disable-next-line no-await-in-loop -- six processes at a time
        await Promise.all(
          signals.slice(at, at + 6).map(async ([name, number]) => {
            const { code, err } = await sh(`ulimit -c 0; dcs run -q ${mode} -- sh -c 'kill -${String(number)} $$'; exit $?`);
            expect(code, `${name} ${err}`).to.equal(128 + Number(number));
          }),
        );
    });

  it('keeps 3 MB through a slow pipe, and no broken pipe is an error', async () => {
    expect((await sh(`dcs run -q --no-mask -- head -c 3000000 /dev/zero | (sleep 1; wc -c)`)).out.trim()).to.equal('3000000');
    expect(await sh('dcs run -q --no-mask -- yes | head -1')).to.deep.equal({ code: 0, out: 'y\n', err: '' });
    expect(await sh('dcs run -q --mask -- yes | head -1')).to.deep.equal({ code: 0, out: 'y\n', err: '' });
    for (const mode of ['--mask', '--no-mask'])
      expect((await sh(`dcs run -q ${mode} -- yes | head -1; exit \${PIPESTATUS[0]}`)).code, `${mode}: the program was cut off`).to.equal(
        141,
      );
  });

  it('starts what execvp would start, and answers 126 and 127 for the rest', async () => {
    const file = (name: string): string => join(w.project, name);
    await writeFile(file('plain'), 'echo "plain $1"\n');
    await writeFile(file('lost'), '#!/no/such/interpreter\n');
    await writeFile(file('closed'), 'echo never\n');
    await Promise.all(['plain', 'lost'].map((name) => chmod(file(name), 0o755)));
    await mkdir(file('folder'));
    for (const mode of ['--no-mask', '--mask']) {
      expect(await w.dcs(['run', '-q', mode, '--', './plain', 'script'])).to.include({ code: 0, out: 'plain script\n' });
      expect((await w.dcs(['run', mode, '--', './lost'])).code).to.be.oneOf([126, 127]);
      for (const [name, code] of [
        ['./closed', 126],
        ['./folder', 126],
        ['./absent', 127],
        ['no-such-program', 127],
      ] as const) {
        const ran = await w.dcs(['run', mode, '--', name]);
        expect(ran.code, `${name} ${ran.err}`).to.equal(code);
        expect(ran.err).to.contain('✗');
      }
    }
  });

  it('refuses a value that no variable can hold, without a word of it', async () => {
    const large = 'x'.repeat(49_000);
    await w.doppler('dev', { LARGE: large });
    expect((await w.dcs(['run', '--no-mask', '-q', ...node('process.exit(process.env.LARGE.length === 49000 ? 0 : 1)')])).code).to.equal(0);
    await w.doppler('dev', { NUL: 'canary\0canary' });
    const ran = await w.dcs(['run', '--no-mask', ...node('')]);
    expect(ran.code).to.equal(125);
    expect(ran.err).to.contain('NUL cannot be an environment variable').and.not.to.contain('canary');
  });

  it('takes everything after -- as it stands, and says what to type without it', async () => {
    const args = ['', ' ', '--help', '--json', '-e', '--', '-- x', 'a=b', '*'];
    const shown = await w.dcs([
      'run',
      '-q',
      '--no-mask',
      '--',
      process.execPath,
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      ...args,
    ]);
    expect(JSON.parse(shown.out)).to.deep.equal(args);
    for (const [words, line] of [
      [['run', 'sh', '-c', 'x'], 'dcs run -- sh -c x'],
      [['run', '-e', 'dev', 'npm', 'start'], 'dcs run -e dev -- npm start'],
      [['run', '-e', 'dev'], 'dcs run -e dev -- CMD'],
      [['run', 'a', '--', 'b'], 'dcs run -- a b'],
    ] as const) {
      const ran = await w.dcs(words);
      expect(ran.code).to.equal(125);
      expect(ran.err).to.contain(line);
    }
    expect((await w.dcs(['run', '--bogus', '--', 'true'])).code).to.equal(125);
  });

  it('chooses names: --only, --except, --allow-missing', async () => {
    const print = node(`console.log(['STRIPE_KEY', 'JWT_SECRET', 'SESSION_KEY'].filter((name) => name in process.env).join())`);
    const names = async (...flags: string[]): Promise<string> => (await w.dcs(['run', '-q', '--no-mask', ...flags, ...print])).out.trim();
    expect(await names('--only', 'STRIPE_KEY')).to.equal('STRIPE_KEY');
    expect(await names('--except', 'STRIPE_KEY')).to.equal('JWT_SECRET,SESSION_KEY');
    expect(await names('--only', 'STRIPE_KEY', '--only', 'NOPE', '--allow-missing')).to.equal('STRIPE_KEY');
    const missing = await w.dcs(['run', '--only', 'NOPE', '--', 'true']);
    expect(missing.code).to.equal(125);
    expect(missing.err).to.contain('Doppler has no NOPE');
  });

  it('lets Doppler win, unless told otherwise, and starts clean on request', async () => {
    const env = { STRIPE_KEY: 'mine', JWT_SECRET: 'mine', OTHER: 'mine' };
    const print = node(`console.log([process.env.STRIPE_KEY, process.env.JWT_SECRET, process.env.OTHER].map((v) => v === 'mine').join())`);
    const kept = async (...flags: string[]): Promise<string> =>
      (await w.dcs(['run', '-q', '--no-mask', ...flags, ...print], { env })).out.trim();
    expect(await kept()).to.equal('false,false,true');
    expect(await kept('--preserve-env')).to.equal('true,true,true');
    expect(await kept('--preserve-env=JWT_SECRET')).to.equal('false,true,true');
    expect(await kept('--clean-env')).to.equal('false,false,false');
  });

  it('gives no program what would change how programs start, and says so', async () => {
    await w.doppler('dev', {
      PATH: '/canary',
      NODE_OPTIONS: '--require=/canary',
      LD_PRELOAD: '/canary',
      DCS_LEDGER_KEY: 'canary',
      FINE: 'x',
    });
    const print = node(`console.log(JSON.stringify(Object.entries(process.env)).includes('canary'), process.env.FINE)`);
    const ran = await w.dcs(['run', '--no-mask', ...print]);
    expect(ran.out.trim(), ran.err).to.equal('false x');
    expect(ran.err).to.contain('! LD_PRELOAD, NODE_OPTIONS, PATH left out').and.not.to.contain('canary');
    const allowed = await w.dcs(['run', '--no-mask', '--allow-name', 'PATH', '--', '/bin/sh', '-c', 'echo "$PATH"']);
    expect(allowed.out).to.equal('/canary\n');
  });

  it('masks what is no terminal, in every stream, and names what is too short for that', async () => {
    await w.doppler('dev', { SHORT: 'ab', CANARY: 'canary-value-42' });
    const print = node(
      `console.log('[', process.env.CANARY, ']', btoa(process.env.CANARY)); console.error(process.env.CANARY, process.env.SHORT)`,
    );
    const ran = await w.dcs(['run', ...print]);
    expect(ran.code, ran.err).to.equal(0);
    expect(ran.out).to.equal('[ [redacted] ] [redacted]\n');
    expect(ran.err).to.contain('! SHORT not masked').and.contain('[redacted] ab').and.not.contain('canary-value');
  });

  it('merges several environments, the later one winning, and uses the personal config where there is one', async () => {
    await w.doppler('stg', { ONLY_STG: 'stg' });
    const print = node(`console.log(process.env.STRIPE_KEY, process.env.ONLY_STG)`);
    const value = async (...flags: string[]): Promise<string> => (await w.dcs(['run', '-q', '--no-mask', ...flags, ...print])).out.trim();
    expect(await value('-e', 'staging', '-e', 'dev')).to.equal('sandbox-stripe-key-of-dev stg');
    expect(await value('-e', 'dev', '-e', 'staging')).to.equal('sandbox-stripe-key-of-stg stg');
    await w.doppler('dev_personal', { STRIPE_KEY: 'my own' });
    const own = await w.dcs(['run', '--no-mask', ...print]);
    expect(own.out).to.contain('my own');
    expect(own.err).to.contain('· your dev_personal');
  });

  it('shapes for a target, with what its local tool needs', async () => {
    await w.yaml(YAML.replace('include: ["*"]', 'include: [STRIPE_KEY]\n    rename: {STRIPE_KEY: PAY}\n    prefix: X_'));
    const print = node(`console.log(process.env.X_PAY, process.env.JWT_SECRET, process.env.CLOUDFLARE_INCLUDE_PROCESS_ENV)`);
    const ran = await w.dcs(['run', '-q', '--no-mask', '--for', 'api', ...print]);
    expect(ran.out.trim()).to.equal('sandbox-stripe-key-of-dev undefined true');
    expect((await w.dcs(['run', '--for', 'nope', ...print])).err).to.contain('--for api');
  });

  it('starts nothing while a required name is missing', async () => {
    await w.yaml(`${YAML}secrets: {NEEDED: {required: [dev], owner: payments}, STRIPE_KEY: {type: number}}\n`);
    const ran = await w.dcs(['run', '--', 'touch', 'started']);
    expect(ran.code).to.equal(125);
    expect(ran.err).to.contain('NEEDED is missing (ask payments), STRIPE_KEY is no number');
    expect((await w.dcs(['sync', '-e', 'staging', '--yes'])).code).to.equal(7);
    expect(await w.worker('STRIPE_KEY')).to.equal(undefined);
  });
});
