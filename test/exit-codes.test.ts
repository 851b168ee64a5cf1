import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { atMost } from '../src/at-most.ts';
import { ROOT, world, YAML, type Ran, type World } from './e2e/world.ts';

interface Command {
  readonly id: string;
  readonly hidden?: boolean;
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly options?: readonly string[] }>>;
  readonly flags: Readonly<Record<string, { readonly required?: boolean }>>;
}
const { packages } = (await import('../scripts/manifest.mjs' as string)) as { packages: readonly string[] };
const { exits } = (await import('../scripts/exit-codes.mjs' as string)) as {
  exits: (id: string, command: Command) => { codes: readonly number[] };
};

/** They start something that stays, or take minutes. */
const NOT_HERE = /^sandbox:(demo|shell|start)$/;

const commands = packages
  .flatMap((folder) => {
    const { commands: all } = JSON.parse(readFileSync(join(ROOT, folder, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, Command>;
    };
    return Object.entries(all).map(([id, command]) => ({ ...command, id }));
  })
  .filter(({ id }) => !NOT_HERE.test(id));

/** The words that a command cannot do without. */
function words({ id, args }: Command): string[] {
  const wanted = Object.values(args)
    .filter(({ required }) => required)
    .map(({ options }) => options?.[0] ?? 'STRIPE_KEY');
  return [...id.split(':'), ...wanted, ...(id === 'run' || id === 'serve' ? ['-e', 'dev', '--', 'true'] : [])];
}

/** Situations, and how `dcs status` ends in each: one that changes nothing would prove nothing. */
const SITUATIONS: readonly (readonly [name: string, status: number, prepare: (w: World) => Promise<Record<string, string | undefined>>])[] =
  [
    [
      'without dcs.yaml and any login',
      2,
      async ({ env }) =>
        Object.fromEntries(
          Object.keys(env)
            .filter((name) => /TOKEN|KEY$/.test(name))
            .map((name) => [name, undefined]),
        ),
    ],
    ['with a dcs.yaml that is not valid', 2, async (w) => (await w.yaml('doppler: shop\ntargetz: {}\n'), {})],
    [
      'with tokens that nobody takes',
      3,
      async (w) => {
        await w.yaml(YAML);
        return Object.fromEntries(
          ['DOPPLER_TOKEN', 'CLOUDFLARE_API_TOKEN', 'GOOGLE_OAUTH_ACCESS_TOKEN', 'NEON_API_KEY'].map((name) => [
            name,
            name === 'DOPPLER_TOKEN' ? `dp.pt.${'x'.repeat(40)}` : 'x'.repeat(40),
          ]),
        );
      },
    ],
    ['with everything, and nobody to ask', 0, async (w) => (await w.yaml(YAML), {})],
  ];

describe('exit codes are the documented ones', function () {
  this.timeout(240_000);
  for (const [name, status, prepare] of SITUATIONS)
    it(name, async () => {
      const w = await world();
      try {
        const env = await prepare(w);
        const runs = await atMost(3, commands, async (command): Promise<readonly [Command, Ran]> => [
          command,
          await w.dcs(words(command), { env }),
        ]);
        expect(runs.find(([{ id }]) => id === 'status')![1].code).to.equal(status);
        const undocumented = runs
          .filter(([{ id }]) => id !== 'run' && id !== 'serve')
          .filter(([command, { code }]) => !exits(command.id, command).codes.includes(code ?? -1))
          .map(([{ id }, { code, err }]) => `${id.replaceAll(':', ' ')}: ${code}\n${err}`);
        expect(undocumented.join('\n')).to.equal('');
        expect(
          runs
            .filter(([, { code }]) => code === 1)
            .map(([{ id }, { err }]) => `${id}\n${err}`)
            .join('\n'),
          'bugs',
        ).to.equal('');
      } finally {
        await w.close();
      }
    });
});
