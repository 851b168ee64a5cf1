import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkedFiles } from '../../src/config/checked-files.ts';
import { loadProject } from '../../src/config/load.ts';

describe('a dcs.yaml that passed once', () => {
  const home = mkdtempSync(join(tmpdir(), 'dcs-checked-'));
  const cwd = mkdtempSync(join(tmpdir(), 'dcs-checked-'));
  const load = async (text: string): Promise<string> => {
    writeFileSync(join(cwd, 'dcs.yaml'), text);
    return loadProject({ cwd, env: {}, home }).then(({ doppler }) => doppler.project, String);
  };

  it('is not checked again, and means the same', async () => {
    const text = 'doppler: shop\ntargets: {api: {type: cloudflare, worker: a}}\n';
    expect(await load(text)).to.equal('shop');
    expect(checkedFiles(join(home, '.cache', 'dcs')).has('dcs.yaml', text)).to.equal(true);
    expect(await load(text)).to.equal('shop');
  });

  it('is checked when a byte of it changed; one that failed never counts as checked', async () => {
    for (let again = 0; again < 2; again++) expect(await load('doppler: shop\ntarget: {}\n')).to.contain('unknown key "target"');
  });

  it('is checked every time where nothing can be kept', async () => {
    const file = join(cwd, 'file');
    writeFileSync(file, '');
    const passed = checkedFiles(file);
    passed.add('dcs.yaml', 'x');
    expect(passed.has('dcs.yaml', 'x')).to.equal(false);
  });
});
