import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, world, type World } from '../e2e/world.ts';
import { difference, follow, steps } from './guide.ts';

/** Pages whose commands are typed and whose output is compared. A page gets what its reader has: an empty folder in git, and a sandbox. */
const PAGES: readonly string[] = ['docs/first-hour.md'];

describe('guides', function () {
  this.timeout(240_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  for (const page of PAGES)
    it(`${page} does what it says`, async () => {
      expect(existsSync(join(ROOT, page))).to.equal(true);
      expect((await follow(w, page)).join('\n\n')).to.equal('');
    });
});

describe('the reader of guides', () => {
  const fence = '```';

  it('finds what is typed, what is printed, and files', () => {
    const page = [
      `${fence}console`,
      '$ dcs a',
      'one',
      '...',
      '$ cat <<X',
      '> two',
      '> X',
      'two',
      fence,
      `${fence}yaml dcs.yaml`,
      'a: 1',
      fence,
    ];
    expect(steps([...page, `${fence}sh`, '$ rm -rf /', fence].join('\n'))).to.deep.equal([
      { at: 2, type: 'dcs a', shown: ['one', '...'] },
      { at: 5, type: 'cat <<X\ntwo\nX', shown: ['two'] },
      { at: 10, write: 'dcs.yaml', text: 'a: 1\n' },
    ]);
  });

  it('tells a wrong line, a missing one and one too many, and lets ids, times and left-out lines pass', () => {
    expect(difference(['1 written; sync 7MCH25', '...', 'end'], ['1 written; sync QCUSHN', 'a', 'b', 'end'])).to.equal(undefined);
    expect(difference(['✓ live as version 264c5e8b  0.0 s'], ['✓ live as version 00000000  1.2 s'])).to.equal(undefined);
    for (const [shown, printed] of [
      [['1 written'], ['2 written']],
      [['1 written', 'end'], ['1 written']],
      [['1 written'], ['1 written', 'end']],
      [['...', 'end'], ['the end']],
    ] as const)
      expect(difference(shown, printed)).to.be.a('string');
  });

  it('notices a command that fails', async () => {
    const w = await world();
    try {
      expect(await follow(w, 'test/guides/wrong.md')).to.have.length(2);
    } finally {
      await w.close();
    }
  });
});
