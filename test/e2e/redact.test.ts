import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, world, YAML, type World } from './world.ts';

const DCS = join(ROOT, 'bin', 'run.js');
const VALUE = 'k3y/with+signs & "quotes"';

describe('dcs redact', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
    await w.doppler('dev', { MASK_ME: VALUE, SHORT: 'q', PEM: 'first 100% line\nsecond line\n' });
  });
  afterEach(() => w.close());

  it('masks what is piped through and passes the rest on as it is', async () => {
    const forms = [
      VALUE,
      Buffer.from(VALUE).toString('base64'),
      encodeURIComponent(VALUE),
      JSON.stringify(JSON.stringify(VALUE)).slice(3, -3),
    ];
    const ran = await w.dcs(['redact'], { input: `a q ß\r\n${forms.join('\n')}\nsecond line, without end` });
    expect(ran).to.include({ code: 0, out: `a q ß\r\n${'[redacted]\n'.repeat(4)}[redacted], without end` });
    expect(ran.err)
      .to.match(/^SANDBOX · dev/)
      .and.match(/! .*\bSHORT\b.* not masked/);
    expect(ran.err).not.to.include(VALUE);
    const only = await w.dcs(['redact', '--only', 'PEM'], { input: VALUE });
    expect(only.out).to.equal(VALUE);
  });

  it('passes nothing on when the values cannot be read', async () => {
    await w.post('/_sandbox/faults', { cloud: 'doppler', kind: 'status', status: 401, times: 'forever' });
    const ran = await w.dcs(['redact'], { input: `text ${VALUE}` });
    expect(ran.code).not.to.equal(0);
    expect(ran.out).to.equal('');
    const nowhere = await w.dcs(['redact', '-e', 'nowhere'], { input: `text ${VALUE}` });
    expect(nowhere.code).not.to.equal(0);
    expect(nowhere.out).to.equal('');
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn('bash', ['-c', `yes | ${process.execPath} ${DCS} redact -q --only MASK_ME | head -1; echo "\${PIPESTATUS[1]}"`], {
      cwd: w.project,
      env: w.env,
    });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    expect(texts).to.deep.equal({ out: 'y\n0\n', err: '' });
  });

  it('--ci-mask registers values and lines with the runner, escaped; anywhere else it refuses', async () => {
    const refused = await w.dcs(['redact', '--ci-mask']);
    expect(refused).to.include({ code: 7, out: '' });
    const ran = await w.dcs(['redact', '--ci-mask', '-e', 'dev'], { env: { GITHUB_ACTIONS: 'true' } });
    expect(ran.code, ran.err).to.equal(0);
    const lines = ran.out.split('\n');
    expect(lines).to.include.members([
      `::add-mask::${VALUE}`,
      '::add-mask::first 100%25 line%0Asecond line%0A',
      '::add-mask::first 100%25 line',
      '::add-mask::second line',
    ]);
    expect(lines.slice(0, -1).every((line) => line.startsWith('::add-mask::'))).to.equal(true);
    expect(ran.err).to.match(/SHORT/);
  });

  it('dcs run --mask masks both streams', async () => {
    const code = `console.log(process.env.MASK_ME); console.error(Buffer.from(process.env.MASK_ME).toString('hex'))`;
    const ran = await w.dcs(['run', '-q', '--mask', '--', process.execPath, '-e', code]);
    expect(ran).to.deep.include({ code: 0, out: '[redacted]\n', err: '[redacted]\n' });
  });
});
