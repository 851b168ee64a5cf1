import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { dopplerHolds } from '../e2e/neon.ts';
import { world, YAML, type World } from '../e2e/world.ts';
import { difference, follow, steps } from './guide.ts';

/** A program of somebody else, that prints what its documentation says. */
async function program(w: World, name: string, script: string): Promise<void> {
  await mkdir(join(w.home, 'bin'), { recursive: true });
  await writeFile(join(w.home, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Pages whose commands are typed and whose output is compared: with an empty folder in git, a sandbox, and what the page says is there. */
const PAGES: Readonly<Record<string, (w: World) => Promise<void>>> = {
  'README.md': async (w) => {
    await w.yaml(YAML);
    const { code, err } = await w.dcs(['sync', '-e', 'staging', '--except', 'SENDGRID_KEY', '--yes']);
    expect(code, err).to.equal(0);
    await w.doppler('stg', { DATABASE_URL: 'postgres://another' });
  },
  'docs/first-hour.md': async () => {},
  'docs/ci.md': async () => {},
  'docs/testing.md': async () => {},
  'docs/migrating/from-scripts.md': async (w) => {
    await w.edit('STRIPE_KEY', 'an-older-value');
    await w.edit('OLD_FLAG', 'on');
    const { STRIPE_KEY: value } = await dopplerHolds(w, 'stg');
    await w.post('/_sandbox/google/hand-edit', { project: 'demo-shop', name: 'STRIPE_KEY', value });
  },
  'docs/migrating/from-first-version.md': async (w) => {
    for (const name of ['STRIPE_KEY', 'JWT_SECRET']) await w.edit(name, 'what-the-first-version-wrote', 'shop-api');
  },
  'docs/migrating/from-teller.md': (w) => program(w, 'teller', `echo '{"FOO_BAR":"a-longer-foo","PRINT_NAME":"linus torvalds"}'`),
  'docs/migrating/from-dsops.md': (w) => program(w, 'dsops', `echo '{"QUEUE_URL": "amqp://queue.example"}' > dsops-production.json`),
};

describe('guides', function () {
  this.timeout(240_000);
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  for (const [page, prepare] of Object.entries(PAGES))
    it(`${page} does what it says`, async () => {
      await prepare(w);
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
