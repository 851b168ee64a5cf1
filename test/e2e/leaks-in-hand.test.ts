import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { forms, hits, sinks } from './canaries.ts';
import { canTrace, traced } from './traced.ts';
import { world, YAML, type World } from './world.ts';

interface Case {
  readonly args: readonly string[];
  /** Where the value is meant to be: everything else must be clean. */
  readonly meant?: 'stdout' | 'file';
  readonly input?: string;
  readonly env?: Record<string, string>;
}

describe('canaries: commands that have the values in hand', function () {
  this.timeout(240_000);
  let w: World;
  const canary = `canary-${randomBytes(16).toString('hex')}`;
  before(async function () {
    if (!canTrace()) return this.skip();
    w = await world();
    await w.yaml(YAML);
    await w.doppler('dev', { CANARY: canary, PAIR: `first-${canary}\nsecond-${canary}` });
    await writeFile(join(w.project, '.gitignore'), 'out*\n');
    await mkdir(join(w.home, 'tmp'));
    await writeFile(join(w.project, 'template'), 'value: {{CANARY}}\n');
  });
  after(() => w?.close());

  const program = (code: string): string[] => ['--', process.execPath, '-e', code];
  const print = program('console.log(process.env.CANARY); console.error(process.env.PAIR)');
  const CASES: readonly Case[] = [
    { args: ['run', ...print] },
    { args: ['run', '--mask', '--verbose', ...print] },
    { args: ['run', '--no-mask', ...program('process.exit(process.env.CANARY ? 3 : 4)')] },
    { args: ['run', '--no-mask', '--clean-env', '--only', 'CANARY', '--', 'no-such-program'] },
    { args: ['run', '--offline', ...print] },
    { args: ['run', '--for', 'api', ...print] },
    { args: ['run', '--mount', 'pipe.json', ...program('console.log(require("fs").readFileSync(process.env.DCS_SECRETS_PATH, "utf8"))')] },
    { args: ['run', '--command', 'echo "$CANARY"'], env: { SHELL: '/bin/sh' } },
    {
      args: [
        'serve',
        ...program(
          'fetch(process.env.DCS_SERVE_URL + "/v3/configs/config/secrets/download", {headers: {authorization: "Bearer " + process.env.DCS_SERVE_TOKEN}}).then(async (r) => console.log(await r.text()))',
        ),
      ],
    },
    { args: ['redact'], input: `a log line with ${canary} in it, and ${Buffer.from(canary).toString('base64')}\n` },
    { args: ['redact', '--ci-mask'] },
    { args: ['redact', '--ci-mask'], meant: 'stdout', env: { GITHUB_ACTIONS: 'true' } },
    { args: ['env'] },
    { args: ['env', '--json'] },
    { args: ['env', '--format', 'json'] },
    { args: ['env', '--format', 'bash', '--reveal'], meant: 'stdout' },
    { args: ['env', '--format', 'docker', '--reveal'] },
    { args: ['env', '--template', 'template', '--out', 'out-template'], meant: 'file' },
    { args: ['env', '--format', 'dotenv', '--out', 'out.env'], meant: 'file' },
    { args: ['types'] },
    { args: ['cache', 'show', '--json'] },
    { args: ['shell', 'init', 'bash'] },
  ];

  async function leaks(one: Case): Promise<string[]> {
    // An outage takes seconds, and all of them read through one reader.
    const outage = one === CASES[0] ? [{ kind: 'html', status: 502 }] : [];
    for (const fault of [undefined, ...outage, { kind: 'status', status: 403 }]) {
      if (fault) await w.post('/_sandbox/faults', { cloud: 'doppler', times: 'forever', ...fault });
      const { out, err, execs } = await traced(w, one.args, one);
      await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' });
      expect(execs).to.contain('run.js');
      const found = new Map([...(await sinks(w)), ['stderr', err], ['argv', execs]]);
      if (one.meant !== 'stdout') found.set('stdout', out);
      const all = hits([canary], found).filter((sink) => !(one.meant === 'file' && /\/out[^/]*$/.test(sink)));
      if (all.length > 0) return [`${fault?.kind ?? 'no fault'}: ${all.join(', ')}\n${err}`];
      if (one.meant === 'stdout' && !fault) expect(out, err).to.contain(canary);
    }
    await rm(join(w.project, 'out.env'), { force: true });
    await rm(join(w.project, 'out-template'), { force: true });
    return [];
  }

  for (const one of CASES)
    it(`dcs ${one.args.join(' ').slice(0, 60)}`, async () => {
      expect(await leaks(one)).to.deep.equal([]);
    });

  it('finds a planted leak: in an argv, in a file, in an encoding', async () => {
    expect(await leaks({ args: ['run', '-q', '--no-mask', '--command', 'sh -c ": $CANARY"'] })).to.match(/argv/);
    expect(await leaks({ args: ['run', '-q', '--no-mask', '--command', 'echo "$CANARY" > leaked'] })).to.match(/leaked/);
    await rm(join(w.project, 'leaked'));
    for (const form of forms(canary)) expect(hits([canary], new Map([['x', `a${form}b`]]))).to.deep.equal(['x']);
  });
});
