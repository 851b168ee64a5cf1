import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { current, dcs, FIRST, laidOut, lying, PLATFORM, publish, scratch, site, smallTree, type Edit, type Site } from './standalone.ts';
import { ATTACKS, NEW, OLD, type Attack } from './update-attacks.ts';

describe('attacks on dcs update', function () {
  this.timeout(30_000);
  let at: Site;
  let kept: string;
  const trees = new Map<string, string>();

  before(async function () {
    this.timeout(120_000);
    at = await site();
    const about = { platform: PLATFORM, channel: 'stable', out: at.folder, key: FIRST, level: 1 };
    for (const version of ['0.0.9', NEW]) await publish({ ...about, tree: await smallTree(version, at.origin), version });
    kept = mkdtempSync(join(scratch, 'kept-'));
    cpSync(at.folder, kept, { recursive: true });
  });
  after(() => at.close());

  /** A dcs of a build with these lines changed; the server shows what it showed at first. */
  async function scene(attack: Attack, edits: readonly Edit[]): Promise<string> {
    rmSync(at.folder, { recursive: true });
    cpSync(kept, at.folder, { recursive: true });
    at.instead.clear();
    const address = attack.address?.(at) ?? at.origin;
    const key = address + JSON.stringify(edits);
    if (!trees.has(key)) trees.set(key, await smallTree(OLD, address, edits));
    const root = await laidOut(trees.get(key)!, OLD);
    attack.on(at, root);
    return root;
  }

  for (const attack of ATTACKS) {
    const { name, words = [], says, code = 7, without, thenSays, through = (root) => expect(current(root)).to.equal(NEW) } = attack;

    it(`${code === 0 ? 'passes by' : 'refuses'}: ${name}`, async () => {
      const root = await scene(attack, []);
      const run = await dcs(root, ['update', ...words]);
      expect(run.out + run.err).to.match(says);
      expect(run.code).to.equal(code);
      if (code === 0) return expect(() => through(root)).to.throw();
      expect(current(root)).to.equal(OLD);
      expect(lying(root)).to.deep.equal([OLD]);
      expect(existsSync(join(root, 'escaped'))).to.equal(false);
      expect((await dcs(root, ['--version'])).out).to.contain(`/${OLD} `);
    });

    it(`  without the check ${thenSays ? 'another one stops it' : 'it comes through'}`, async () => {
      const root = await scene(attack, without);
      const run = await dcs(root, ['update', ...words]);
      if (thenSays) return expect(run.err).to.match(thenSays);
      expect(run.code, run.out + run.err).to.equal(0);
      through(root);
    });
  }
});
