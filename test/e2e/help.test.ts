import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { EXIT, GUARDS } from 'dcs-sdk';
import { world, type World } from './world.ts';

describe('dcs help', () => {
  let w: World;
  before(async () => {
    w = await world();
  });
  after(() => w.close());

  for (const topic of ['errors', 'exit-codes', 'environments', 'consent'])
    it(`has a page that fits a screen: ${topic}`, async () => {
      const { code, out } = await w.dcs(['help', topic]);
      expect(code).to.equal(0);
      expect(out.split('\n').length).to.be.within(5, 40);
      expect(Math.max(...out.split('\n').map((line) => line.length))).to.be.at.most(130);
      expect((await w.dcs(['help', topic, '--json'])).json()['text']).to.equal(out.trimEnd());
    });

  it('gives each exit code as the docs do', async () => {
    const { out } = await w.dcs(['help', 'exit-codes']);
    const docs = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
    for (const [code, exit] of Object.entries(EXIT)) {
      expect(out).to.match(new RegExp(`^${exit} +${code} `, 'm'));
      expect(docs).to.match(new RegExp(`^\\| ${exit} \\| ${code} \\|`, 'm'));
    }
  });

  it('names every guard', async () => {
    const { out } = await w.dcs(['help', 'consent']);
    for (const guard of GUARDS) expect(out).to.match(new RegExp(`^  ${guard} `, 'm'));
  });

  it('still explains commands, and lists its pages', async () => {
    expect((await w.dcs(['help'])).out).to.contain('errors, exit-codes, environments, consent');
    expect((await w.dcs(['help', 'sync'])).out).to.equal((await w.dcs(['sync', '--help'])).out);
    expect((await w.dcs(['help', 'sync', '--json'])).json()).to.deep.equal({
      schema: 1,
      topic: 'sync',
      text: (await w.dcs(['help', 'sync'])).out.trimEnd(),
    });
    expect((await w.dcs(['help', 'neon', 'branch', 'create'])).out).to.contain('Create a branch with a password of its own');
    expect((await w.dcs(['help', 'secrets'])).out).to.contain('secrets set');
    expect((await w.dcs(['help', 'nope'])).code).to.equal(64);
  });
});
