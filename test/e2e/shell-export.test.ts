import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SHORT, shells, THERE, type Shell, type Shells } from './shells.ts';
import { ROOT } from './world.ts';

const NASTY = `it's "two" $HOME \`id\` \\ *\n%F{red} äß`;
const ABLE = THERE.filter((shell) => shell !== 'powershell');
const SHOW = `node -e 'console.log(JSON.stringify(["API_URL", "OWN", "NEW", "PROMPT", "DCS_EXPORTED"].map((name) => process.env[name] ?? null)))'`;

describe('variables that come and go with a trusted folder', () => {
  let w: Shells;
  let env: Record<string, string>;
  before(async () => {
    w = await shells();
    const bin = join(w.home, 'real');
    mkdirSync(bin);
    writeFileSync(join(bin, 'dcs'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/run.js" "$@"\n`, { mode: 0o755 });
    env = { ...w.env, DCS_SHELL: 'test', DCS_AUTO_ENV: 'export', PATH: `${bin}:${w.env['PATH']}` };
    await w.doppler('dev', { API_URL: NASTY, OWN: 'from doppler', NEW: 'new', PROMPT: '$(touch /tmp/evil)' });
  });
  after(() => w.close());
  beforeEach(async () => {
    await w.yaml(SHORT);
    w.head('work');
    await w.dcs(['untrust']);
    await w.dcs(['run', '--', 'true'], { env: { DCS_SHELL: 'test' } });
  });

  const own = (shell: Shell): string => (shell === 'fish' ? 'set -gx OWN mine' : 'export OWN=mine');
  /** What a program sees after each of the steps, and what the shell said. */
  function steps(
    shell: Shell,
    list: readonly string[],
    more: Record<string, string> = {},
  ): { seen: (string | null)[][]; err: string; out: string } {
    const text = [own(shell), ...list.flatMap((step) => [step, '_dcs_hook', SHOW])].join('\n');
    const { out, err } = w.inShell(shell, text, { ...env, ...more }, w.home);
    const seen = out.split('\n').filter((line) => line.startsWith('["') || line.startsWith('[null'));
    return { seen: seen.map((line) => JSON.parse(line) as (string | null)[]), err, out };
  }
  const BEFORE = [null, 'mine', null, null, null];

  for (const shell of ABLE) {
    it(`${shell}: only after dcs trust, until one leaves, untrusts or edits it; what was there before comes back`, () => {
      const { seen, err } = steps(shell, [
        `cd '${w.project}'`,
        'dcs trust >/dev/null',
        'cd /',
        `cd '${w.project}'`,
        'dcs untrust >/dev/null',
        'dcs trust >/dev/null',
        `echo '# new' >> dcs.yaml`,
      ]);
      const inside = [NASTY, 'from doppler', 'new', null];
      expect(
        seen.map((row) => row.slice(0, 4)),
        err,
      ).to.deep.equal([BEFORE, 0, BEFORE, 0, BEFORE, 0, BEFORE].map((row) => (row === 0 ? inside : BEFORE.slice(0, 4))));
      expect(err).to.include('! PROMPT left out').and.to.include('of dev until you leave');
      expect(err).not.to.include('from doppler');
    });

    it(`${shell}: a value that was changed meanwhile stays; a shell inside leaves nothing behind`, async () => {
      await w.dcs(['trust'], { env: { DCS_SHELL: 'test' } });
      const mine = shell === 'fish' ? 'set -gx NEW changed' : 'export NEW=changed';
      expect(steps(shell, [`cd '${w.project}'; ${mine}`, mine, 'cd /']).seen.at(-1)).to.deep.equal([null, 'mine', 'changed', null, null]);
      const inner = w.inShell(shell, `_dcs_hook\n${SHOW}`, { ...env, API_URL: 'old', NEW: 'old', DCS_EXPORTED: 'API_URL NEW ' }, w.home);
      expect(inner.out).to.equal('[null,null,null,null,null]\n');
    });

    it(`${shell}: nothing without DCS_AUTO_ENV=export, nothing of a protected environment, no value in a trace`, async () => {
      await w.dcs(['trust'], { env: { DCS_SHELL: 'test' } });
      const go = [`cd '${w.project}'`];
      expect(steps(shell, go, { DCS_AUTO_ENV: '1' }).seen).to.deep.equal([BEFORE]);
      const refused = steps(shell, go, { DCS_ENV: 'prod' });
      expect(refused.seen).to.deep.equal([BEFORE]);
      expect(refused.err).to.include('prod is protected');
      if (shell !== 'fish') {
        const traced = steps(shell, [`set -x; cd '${w.project}'`]);
        expect(traced.seen[0]?.[1]).to.equal('from doppler');
        expect(traced.err).not.to.include('from doppler');
      }
      expect(steps(shell, go, { DCS_QUIET: '1' }).err).to.equal('');
    });
  }

  it('the command itself refuses without --reveal, without trust, and in CI', async () => {
    expect((await w.dcs(['shell', 'export', 'bash'])).code).to.equal(7);
    expect((await w.dcs(['shell', 'export', 'bash', '--reveal'])).err).to.include('not trusted');
    await w.dcs(['trust']);
    expect((await w.dcs(['shell', 'export', 'bash', '--reveal'], { env: { CI: 'true' } })).code).to.equal(7);
    expect((await w.dcs(['shell', 'export', 'bash', '--reveal'])).out).to.match(/^_dcs_keep .*\bAPI_URL\b/);
    await w.yaml(`${SHORT}# edited\n`);
    expect((await w.dcs(['shell', 'export', 'bash', '--reveal'])).out).to.equal('');
  });
});
