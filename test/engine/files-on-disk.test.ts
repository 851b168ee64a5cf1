import { appendFile, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { auditLog } from '../../src/engine/audit.ts';
import { ownKeys } from './keys.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import { machineHome } from '../../src/engine/ledger-machine.ts';

describe('files of the state folder', () => {
  it('the audit log survives a torn line and gives the last entries back', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'dcs-engine-'));
    const log = auditLog({ stateDir, project: 'shop' });
    const entry = (id: string) => ({
      id,
      at: 't',
      by: 'you',
      environment: 'e',
      target: 't',
      place: 'p',
      sourceVersion: 'v',
      outcomes: { done: ['A'] },
    });
    expect(await log.all()).to.deep.equal([]);
    await log.append(entry('1'));
    const [name] = await readdir(join(stateDir, 'audit'));
    const file = join(stateDir, 'audit', name!);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    await appendFile(file, '{"id":"torn');
    await log.append(entry('2'));
    expect((await log.all()).map(({ id }) => id)).to.deep.equal(['1', '2']);
  });

  it('a ledger comes back, another place has none, and a damaged one is never "none"', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'dcs-engine-'));
    const keys = await ownKeys(stateDir, 'e');
    const home = machineHome({ stateDir, keys });
    await home.save(emptyLedger('here', keys, 'i', 3), 'settled');
    expect(await home.load('here')).to.deep.equal(emptyLedger('here', keys, 'i', 3));
    expect(await home.load('there')).to.equal(undefined);
    const [name] = await readdir(join(stateDir, 'ledgers'));
    await writeFile(join(stateDir, 'ledgers', name!), '');
    const failed = await home.load('here').then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    expect(failed).to.equal('CONFLICT');
  });
});
