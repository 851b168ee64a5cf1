import { expect } from 'chai';
import { breaking, bumps, unannounced, type Surface } from './breaking.ts';

const RELEASED: Surface = {
  exit: { CONFIG: 2, AUTH: 3 },
  json: { sync: ['schema', 'targets', 'targets[].name'] },
  commands: {
    sync: {
      package: 'doppler-cloud-syncs',
      args: ['target...?'],
      flags: { yes: 'boolean -y', allow: 'option multiple empty|shrink', only: 'option multiple' },
      exits: [0, 1, 2],
    },
    'neon status': { package: 'dcs-plugin-neon', args: [], flags: {}, exits: [0] },
  },
};
type Sync = Surface['commands'][string];
const sync = (change: Partial<Sync>): Surface => ({
  ...RELEASED,
  commands: { ...RELEASED.commands, sync: { ...RELEASED.commands['sync']!, ...change } },
});
const flags = (change: Record<string, string>): Surface => sync({ flags: { ...RELEASED.commands['sync']!.flags, ...change } });

describe('what breaks the command line', () => {
  const { sync: former, ...others } = RELEASED.commands;
  const planted: readonly (readonly [name: string, now: Surface, what: string])[] = [
    ['a command that is gone', { ...RELEASED, commands: others }, 'dcs sync: is gone'],
    ['a flag that is gone', sync({ flags: { yes: 'boolean -y', allow: former!.flags['allow']! } }), '--only is gone'],
    ['a flag that lost its letter', flags({ yes: 'boolean' }), '--yes was boolean -y, is boolean'],
    ['a flag that takes one value now', flags({ only: 'option' }), '--only was option multiple'],
    ['an option that is gone', flags({ allow: 'option multiple empty|delete' }), '--allow was'],
    ['a list of options where there was none', flags({ only: 'option multiple A|B' }), '--only was'],
    ['a flag that became required', flags({ only: 'option multiple required' }), '--only was'],
    ['a new required flag', flags({ to: 'option required' }), '--to is required'],
    ['an argument that became required', sync({ args: ['target...'] }), 'wants target...'],
    ['an argument that is gone', sync({ args: [] }), 'takes 0 arguments'],
    ['an exit code of a command that is gone', sync({ exits: [0, 1] }), 'no longer ends with 2'],
    ['a number that means something else', { ...RELEASED, exit: { CONFIG: 2, AUTH: 4 } }, 'AUTH ended with 3, now with 4'],
    ['a key that is gone', { ...RELEASED, json: { sync: ['schema', 'targets'] } }, 'dcs sync --json: targets[].name is gone'],
  ];
  for (const [name, now, what] of planted)
    it(`notices ${name}`, () => {
      const found = breaking(RELEASED, now);
      expect(found).to.have.length(1);
      expect(found[0]!.what).to.contain(what);
    });

  it('lets additions pass', () => {
    const now = flags({ allow: 'option multiple empty|shrink|delete', more: 'boolean' });
    expect(
      breaking(RELEASED, { ...now, exit: { ...now.exit, NEW: 9 }, json: { sync: [...RELEASED.json['sync']!, 'more'] } }),
    ).to.deep.equal([]);
    expect(breaking(RELEASED, flags({ allow: 'option multiple' })), 'any value').to.deep.equal([]);
    expect(breaking(RELEASED, sync({ exits: [0, 1, 2, 7], args: ['target...?', 'more?'] }))).to.deep.equal([]);
  });
});

describe('a break is announced', () => {
  const gone = [{ package: 'dcs-plugin-neon', what: 'dcs neon status: is gone' }];
  const changeset = (bump: string): string => `---\n'doppler-cloud-syncs': minor\n"dcs-plugin-neon": ${bump}\n---\n\nText: major\n`;

  for (const [version, bump, enough] of [
    ['0.4.0', 'patch', false],
    ['0.4.0', 'minor', true],
    ['1.2.0', 'minor', false],
    ['1.2.0', 'major', true],
  ] as const)
    it(`${bump} is ${enough ? '' : 'not '}enough after ${version}`, () => {
      const told = unannounced(gone, bumps([changeset('patch'), changeset(bump)]), new Map([['dcs-plugin-neon', version]]));
      expect(told).to.deep.equal(enough ? [] : ['dcs-plugin-neon: dcs neon status: is gone']);
    });

  it('a changeset of another package, or none, is not enough', () => {
    const versions = new Map([['dcs-plugin-neon', '0.4.0']]);
    expect(unannounced(gone, bumps(["---\n'dcs-sdk': major\n---\n"]), versions)).to.have.length(1);
    expect(unannounced(gone, bumps([]), versions)).to.have.length(1);
  });
});
