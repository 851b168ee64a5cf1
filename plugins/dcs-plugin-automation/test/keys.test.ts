import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { isDcsError } from 'dcs-sdk';
import { forgetOlder, makeKey, signingKeys, watchedKeys } from '../src/webhook/keys.ts';

const A = 'a'.repeat(16);
const B = 'b'.repeat(64);

describe("the webhook's signing keys", () => {
  let file: string;
  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), 'dcs-keys-')), 'keys');
  });
  const from = async (env: Record<string, string>, path?: string): Promise<readonly string[] | string> =>
    signingKeys(env, path).then(
      (keys) => keys.map((key) => key.reveal()),
      (error: unknown) => {
        if (!isDcsError(error)) throw error;
        return `${error.code}: ${error.message}`;
      },
    );
  const written = (text: string, mode = 0o600): string => {
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };

  it('are of the variables, the newest first, or of the file alone', async () => {
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A })).to.deep.equal([A]);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A, DOPPLER_WEBHOOK_SECRET_PREVIOUS: B })).to.deep.equal([A, B]);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: '', DOPPLER_WEBHOOK_SECRET_PREVIOUS: B })).to.deep.equal([B]);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A }, written(`  ${B}\t\r\n\n${A}`))).to.deep.equal([B, A]);
  });

  it('are refused where there is none, or one that could be guessed', async () => {
    expect(await from({})).to.match(/^AUTH: There is no signing key/);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: '' })).to.match(/^AUTH/);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A }, file)).to.match(/^AUTH/);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A }, written('\n \n'))).to.match(/^AUTH/);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A.slice(1) })).to.match(/^CONFIG: .*too short/);
    expect(await from({ DOPPLER_WEBHOOK_SECRET: A, DOPPLER_WEBHOOK_SECRET_PREVIOUS: 'short' })).to.match(/^CONFIG: .*too short/);
  });

  it('are refused from a file that others may read, or that is none', async () => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o601, 0o610])
      expect(await from({}, written(A, mode)), mode.toString(8)).to.match(/^CONFIG: .* may be read by others/);
    expect(await from({}, written(A, 0o400))).to.deep.equal([A]);
    const folder = mkdtempSync(join(tmpdir(), 'dcs-keys-'));
    expect(await from({}, folder)).to.match(/^CONFIG: .* cannot be read \(EISDIR\)/);
  });

  it('are made once; a new one leaves the one before valid, and no other', async () => {
    const first = await makeKey(file, false);
    expect(first.made).to.equal(true);
    expect(first.key.reveal()).to.match(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readFileSync(file, 'utf8')).to.equal(`${first.key.reveal()}\n`);
    const again = await makeKey(file, false);
    expect([again.made, again.key.reveal()]).to.deep.equal([false, first.key.reveal()]);
    const second = await makeKey(file, true);
    const third = await makeKey(file, true);
    expect(await from({}, file), 'Doppler may have the first one still').to.deep.equal(
      [third, second, first].map(({ key }) => key.reveal()),
    );
    await forgetOlder(file);
    expect(await from({}, file)).to.deep.equal([third.key.reveal(), second.key.reveal()]);
    expect(new Set([first, second, third].map(({ key }) => key.reveal())).size).to.equal(3);
    expect(readdirSync(join(file, '..'))).to.deep.equal(['keys']);
    expect((await makeKey(written(`\n \n${A}\n`), false)).key.reveal()).to.equal(A);
  });

  it('are left as they are where there are no more than two, or no file', async () => {
    const { ino } = statSync(written(`${A}\n${B}\n`));
    await forgetOlder(file);
    expect(statSync(file).ino).to.equal(ino);
    await forgetOlder(`${file}-of-nobody`);
    expect(readdirSync(join(file, '..'))).to.deep.equal(['keys']);
  });

  it('are taken from a file of any mode where modes say nothing', async () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    try {
      expect(await from({}, written(A, 0o644))).to.deep.equal([A]);
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  describe('while they are watched', () => {
    beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
    afterEach(() => mock.timers.reset());
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await turn();
    };

    it('follow their file every two seconds; what cannot be read leaves the last good ones, and is told', async () => {
      const told: unknown[] = [];
      const keys = await watchedKeys({}, written(A), (error) => told.push(error));
      const now = (): string[] => keys().map((key) => key.reveal());
      written(`${B}\n${A}`);
      mock.timers.tick(1999);
      for (let turns = 0; turns < 20; turns++) await turn();
      expect(now()).to.deep.equal([A]);
      mock.timers.tick(1);
      await until(() => now().length === 2);
      expect(now()).to.deep.equal([B, A]);
      written(B, 0o644);
      mock.timers.tick(2000);
      await until(() => told.length === 1);
      expect(isDcsError(told[0]) && told[0].message).to.match(/may be read by others/);
      expect(now()).to.deep.equal([B, A]);
    });

    it('of the variables stay what they were', async () => {
      const env = { DOPPLER_WEBHOOK_SECRET: A };
      const keys = await watchedKeys(env, undefined, () => undefined);
      env.DOPPLER_WEBHOOK_SECRET = B;
      mock.timers.tick(10_000);
      await turn();
      expect(keys().map((key) => key.reveal())).to.deep.equal([A]);
    });
  });

  it('are made beside what a process of the same number left when it was killed', async () => {
    const left = `${file}.${process.pid}.tmp`;
    writeFileSync(left, 'half', { mode: 0o600 });
    expect((await makeKey(file, false)).made).to.equal(true);
    expect(readFileSync(left, 'utf8')).to.equal('half');
  });

  it('are refused where they cannot be kept', async () => {
    const error: unknown = await makeKey(join(file, 'nowhere', 'key'), false).catch((thrown: unknown) => thrown);
    expect(isDcsError(error) && [error.code, error.message]).to.deep.equal([
      'CONFIG',
      `${join(file, 'nowhere', 'key')} cannot be written (ENOENT).`,
    ]);
  });
});
