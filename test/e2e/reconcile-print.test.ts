import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { world, YAML, type World } from './world.ts';

const SCHEDULED = `${YAML}triggers: [{type: schedule, environment: staging}]\n`;

describe('dcs reconcile --print', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(SCHEDULED);
  });
  afterEach(() => w.close());
  const files = async (kind: string, cwd?: string): Promise<Record<string, string>> =>
    (await w.dcs(['reconcile', '--print', kind, '-e', 'staging', '--json'], cwd === undefined ? {} : { cwd })).json()['files'] as Record<
      string,
      string
    >;

  it('systemd: units that systemd-analyze takes, also for a folder with odd letters', async function () {
    const odd = join(w.home, "it's 100% shop");
    await mkdir(odd);
    await writeFile(join(odd, 'dcs.yaml'), YAML);
    for (const cwd of [w.project, odd]) {
      const folder = await mkdtemp(join(w.home, 'units-'));
      const units = await files('systemd', cwd);
      expect(Object.keys(units)).to.deep.equal(['dcs-reconcile.service', 'dcs-reconcile.timer']);
      for (const [name, text] of Object.entries(units)) await writeFile(join(folder, name), text);
      expect(units['dcs-reconcile.service']).to.contain('ExecStart=/usr/bin/env dcs reconcile -e staging\n');
      const paths = Object.keys(units).map((name) => join(folder, name));
      try {
        execFileSync('systemd-analyze', ['verify', '--user', ...paths], {
          encoding: 'utf8',
          stdio: 'pipe',
          env: { ...process.env, XDG_RUNTIME_DIR: folder },
        });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.skip();
        throw new Error(String((error as { stderr: string }).stderr));
      }
    }
  });

  it('names a list from where it will run, wherever it was typed', async () => {
    const below = join(w.project, 'below');
    await mkdir(below);
    const printed = await w.dcs(['reconcile', '..', '../../blog', '/srv/shop', '--print', 'cron'], { cwd: below });
    expect(printed.out, printed.err).to.contain('dcs reconcile . ../blog /srv/shop');
  });

  it('names a dcs.yaml that is called otherwise', async () => {
    await writeFile(join(w.project, 'shop.yaml'), YAML);
    const printed = async (kind: string): Promise<string> =>
      (await w.dcs(['reconcile', '--config-file', '../project/shop.yaml', '--print', kind])).out;
    expect(await printed('cron')).to.contain('dcs reconcile --config-file shop.yaml');
    expect(await printed('kubernetes')).to.contain('dcs trust --all --config-file shop.yaml && exec dcs reconcile --config-file shop.yaml');
  });

  it('cron: one line that a shell runs there, % escaped', async () => {
    const odd = join(w.home, "it's 100% shop");
    await mkdir(odd);
    await writeFile(join(odd, 'dcs.yaml'), SCHEDULED);
    const text = (await files('cron', odd))['crontab']!;
    const line = text.split('\n').find((each) => each.startsWith('*/15 * * * * '))!;
    expect(line.replaceAll(String.raw`\%`, '')).to.not.contain('%');
    const command = line.slice('*/15 * * * * '.length).replaceAll(String.raw`\%`, '%');
    const bin = join(w.home, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'dcs'), '#!/bin/sh\npwd; echo "$@" "$TOKEN"\n', { mode: 0o755 });
    await mkdir(join(w.home, '.config', 'dcs'), { recursive: true });
    await writeFile(join(w.home, '.config', 'dcs', 'reconcile.env'), 'TOKEN=from-the-file\n');
    const out = execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8', env: { HOME: w.home, PATH: `${bin}:/usr/bin:/bin` } });
    expect(out).to.equal(`${odd}\nreconcile -e staging from-the-file\n`);
  });

  it('kubernetes: a CronJob that never overlaps, has no token in it and little right', async () => {
    const text = (await files('kubernetes'))['dcs-reconcile.yaml']!;
    const documents = parseAllDocuments(text);
    expect(documents.flatMap(({ errors }) => errors)).to.deep.equal([]);
    const job = documents[0]!.toJS() as {
      apiVersion: string;
      kind: string;
      spec: {
        concurrencyPolicy: string;
        jobTemplate: { spec: { template: { spec: { containers: { command: string[]; envFrom: unknown[] }[] } } } };
      };
    };
    expect([job.apiVersion, job.kind, job.spec.concurrencyPolicy]).to.deep.equal(['batch/v1', 'CronJob', 'Forbid']);
    const [container] = job.spec.jobTemplate.spec.template.spec.containers;
    expect(container!.command).to.deep.equal(['sh', '-c', 'dcs trust --all && exec dcs reconcile -e staging']);
    expect(container!.envFrom).to.deep.equal([{ secretRef: { name: 'dcs-tokens' } }]);
  });
});
