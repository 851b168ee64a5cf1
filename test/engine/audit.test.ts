import { appendFile, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { AuditEntry, AuditLog } from '../../src/engine/audit.ts';
import { gitLog, machineLog } from '../../src/engine/audit-file.ts';
import { sharedLog } from '../../src/engine/audit-shared.ts';
import type { SharedStore } from '../../src/engine/shared-store.ts';

const entry = (id: string, target = 't'): AuditEntry => ({
  id,
  at: '2026-11-21T00:00:00.000Z',
  by: 'you',
  who: {},
  environment: 'e',
  target,
  place: 'p',
  sourceVersion: 'v',
  outcomes: { done: ['A'] },
  changes: [{ action: 'create', name: 'A', from: 'A' }],
});
const ids = async (log: AuditLog): Promise<string[]> => (await log.read()).entries.map(({ id }) => id);
const broken = async (log: AuditLog): Promise<readonly string[]> => (await log.read()).broken;

describe('the history', () => {
  let dir: string;
  let file: string;
  let log: AuditLog;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dcs-audit-'));
    file = join(dir, 'dcs.history.jsonl');
    log = gitLog(file);
  });

  it('of a machine is private, and survives half a line', async () => {
    const machine = machineLog({ stateDir: dir, project: 'shop' });
    expect(await ids(machine)).to.deep.equal([]);
    await machine.append([entry('1')]);
    const [name] = await readdir(join(dir, 'audit'));
    const kept = join(dir, 'audit', name!);
    expect((await stat(kept)).mode & 0o777).to.equal(0o600);
    await appendFile(kept, '{"id":"torn');
    await machine.append([entry('2')]);
    expect(await ids(machine)).to.deep.equal(['1', '2']);
    expect(await broken(machine)).to.deep.equal([]);
  });

  for (const [fault, alter] of [
    ['altered', (lines: string[]) => lines.with(1, lines[1]!.replace('"by":"you"', '"by":"him"'))],
    ['taken out', (lines: string[]) => lines.toSpliced(1, 1)],
    ['put in', (lines: string[]) => lines.toSpliced(1, 0, lines[0]!.replace('"id":"1"', '"id":"x"').replace('start', 'nowhere'))],
    ['put in another order', (lines: string[]) => [lines[1]!, lines[2]!, lines[0]!]],
  ] as const)
    it(`shows an entry that was ${fault}`, async () => {
      for (const id of ['1', '2', '3']) await log.append([entry(id)]);
      expect(await broken(log)).to.deep.equal([]);
      const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
      await writeFile(file, `${alter(lines).join('\n')}\n`);
      expect(await broken(log)).to.have.length.greaterThan(0);
    });

  it('of two branches that git merged by union is whole', async () => {
    await log.append([entry('1')]);
    const base = await readFile(file, 'utf8');
    await log.append([entry('ours')]);
    const ours = await readFile(file, 'utf8');
    await writeFile(file, base);
    await log.append([entry('theirs')]);
    const theirs = await readFile(file, 'utf8');
    await writeFile(file, `${ours}${theirs.slice(base.length)}`);
    await log.append([entry('after')]);
    expect(await ids(log)).to.deep.equal(['1', 'ours', 'theirs', 'after']);
    expect(await broken(log)).to.deep.equal([]);
  });

  it('begins a new file when one is full, and the chain goes on', async () => {
    await log.append([entry('1')]);
    await log.append([entry('2', 'x'.repeat(1024 * 1024))]);
    await log.append([entry('3')]);
    expect((await readdir(dir)).toSorted()).to.deep.equal(['dcs.history.1.jsonl', 'dcs.history.jsonl']);
    expect(await ids(log)).to.deep.equal(['1', '2', '3']);
    expect(await broken(log)).to.deep.equal([]);
    await writeFile(join(dir, 'dcs.history.1.jsonl'), '{}\n');
    expect(await ids(log)).to.deep.equal(['3']);
  });

  it('takes the entries of processes that write at once', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, index) => gitLog(file).append([entry(String(index))])));
    expect(await ids(log)).length(10);
    expect(await broken(log)).to.deep.equal([]);
  });

  it('that machines share loses no entry to whoever was faster, and keeps the newest thousand', async () => {
    let text = '';
    const open = (): SharedStore => {
      let seen = '';
      return {
        title: 'memory',
        prepare: () => Promise.resolve(),
        read: () => Promise.resolve(new Map([['DCS_HISTORY', (seen = text)]])),
        swap: (_, next) => {
          if (seen !== text) return Promise.resolve(false);
          text = next ?? '';
          return Promise.resolve(true);
        },
      };
    };
    await Promise.all(Array.from({ length: 5 }, (_, index) => sharedLog(open()).append([entry(String(index))])));
    expect(await ids(sharedLog(open()))).length(5);
    await sharedLog(open()).append(Array.from({ length: 1000 }, (_, index) => entry(`n${index}`)));
    const { entries, broken: gaps } = await sharedLog(open()).read();
    expect(entries).length(1000);
    expect(entries[0]!.id).to.equal('n0');
    expect(gaps).to.deep.equal([]);
  });
});
