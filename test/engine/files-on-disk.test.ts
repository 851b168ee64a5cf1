import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownKeys } from './keys.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import { machineHome } from '../../src/engine/ledger-machine.ts';

describe('files of the state folder', () => {
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
