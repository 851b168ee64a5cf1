import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { world, YAML, type Ran, type World } from '../e2e/world.ts';
import { evidence, FULL, stopwatch } from './evidence.ts';
import { plantedDcs, type Fault } from './planted.ts';

const ACCOUNT = SEED.cloudflare.accountId;
const OTHER_ACCOUNT = 'f0'.repeat(16);
const STG = '/shop/stg';

/** After both environments were synced as dcs.yaml has it. */
interface Mistake {
  readonly what: string;
  readonly yaml?: string;
  readonly env?: Record<string, string | undefined>;
  readonly words?: readonly string[];
  readonly code: number;
  /** What was expected, and what was found. */
  readonly says: readonly string[];
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'the config of another environment under the name of this one',
    yaml: YAML.replace('doppler: shop', 'doppler: {project: shop, configs: {dev: dev, staging: dev_personal, prod: prd}}'),
    code: 6,
    says: [STG, '/shop/dev_personal'],
  },
  {
    what: 'the same, where no name of it stands on the target',
    yaml: YAML.replace('doppler: shop', 'doppler: {project: shop, configs: {dev: dev, staging: dev_personal, prod: prd}}').replace(
      '"*"',
      'NEWER',
    ),
    code: 6,
    says: [STG, '/shop/dev_personal'],
  },
  {
    what: "production's Worker under the name of staging",
    yaml: YAML.replace('{staging: shop-api-staging, prod: shop-api}', '{staging: shop-api, prod: shop-api-staging}'),
    code: 7,
    says: ['did not write', 'DATABASE_URL'],
  },
  {
    what: 'another Doppler project',
    yaml: YAML.replace('doppler: shop', 'doppler: nothere'),
    code: 2,
    says: ['nothere'],
  },
  { what: 'the service token of another config', env: { DOPPLER_TOKEN: SEED.tokens.prd }, code: 3, says: ['shop/stg', 'shop/prd'] },
  { what: 'an account that this token does not reach', yaml: YAML.replace(ACCOUNT, OTHER_ACCOUNT), code: 3, says: [OTHER_ACCOUNT] },
  {
    what: 'a Cloudflare token of somebody else',
    env: { CLOUDFLARE_API_TOKEN: 'of-somebody-else' },
    code: 3,
    says: [ACCOUNT],
  },
  { what: 'a Worker that is not there', yaml: YAML.replace('shop-api-staging', 'shop-api-stagng'), code: 4, says: ['shop-api-stagng'] },
  {
    what: 'two environments at one place',
    yaml: YAML.replace('prod: shop-api}', 'prod: shop-api-staging}'),
    code: 2,
    says: ['staging', 'prod'],
  },
  { what: 'the sandbox and real clouds together', env: { CLOUDFLARE_API_BASE_URL: undefined }, code: 6, says: ['Cloudflare', 'Doppler'] },
  { what: 'production by a variable of the shell', env: { DCS_ENV: 'prod' }, words: ['--yes'], code: 7, says: ['prod', '-e'] },
];

/** Variables by which other tools choose a place: dcs.yaml says it, whatever they say. */
const LURES: Record<string, string> = {
  CLOUDFLARE_ACCOUNT_ID: OTHER_ACCOUNT,
  DOPPLER_PROJECT: 'nothere',
  DOPPLER_CONFIG: 'prd',
  DOPPLER_ENVIRONMENT: 'prd',
  GOOGLE_CLOUD_PROJECT: 'somebody-elses',
  WRANGLER_ENV: 'prod',
};

async function writes(w: World): Promise<number> {
  return (await w.journal()).filter(({ cloud, method }) => cloud !== 'doppler' && method !== 'GET').length;
}

async function synced(): Promise<World> {
  const w = await world();
  await w.yaml(YAML);
  for (const environment of ['staging', 'prod']) {
    const ran = await w.dcs(['sync', '-e', environment, '--yes']);
    expect(ran.code, ran.err).to.equal(0);
  }
  // Something to write, wherever it goes.
  for (const config of ['stg', 'prd', 'dev_personal']) await w.doppler(config, { NEWER: `of-${config}` });
  return w;
}

async function made(
  w: World,
  { yaml = YAML, env = {}, words = ['-e', 'staging', '--yes'] }: Mistake,
  root?: string,
): Promise<Ran & { wrote: number }> {
  await w.yaml(yaml);
  const before = await writes(w);
  const ran = await w.dcs(['sync', ...words], { env, ...(root === undefined ? {} : { root }) });
  return { ...ran, wrote: (await writes(w)) - before };
}

const FAULTS: readonly (Fault & { readonly mistake: number })[] = [
  { what: 'no guard of the identity', edits: [['sdk/src/guard.ts', 'if (moved.length > 0)', 'if (moved.length > 9)']], mistake: 1 },
  {
    what: 'a record under another key says nothing',
    edits: [['src/engine/ledger-file.ts', '...pinned, foreign: true', 'foreign: true']],
    mistake: 1,
  },
  { what: 'a variable is consent', edits: [['src/accept.ts', 'session.invocation.env !== undefined ||', 'true ||']], mistake: 10 },
];

describe('a sync that would go elsewhere', function () {
  this.timeout(600_000);

  it('writes nothing, and names what it expected and what it found', async () => {
    const seconds = stopwatch();
    const w = await synced();
    try {
      for (const mistake of FULL ? MISTAKES : MISTAKES.slice(0, 3)) {
        const { code, out, err, wrote } = await made(w, mistake);
        expect(code, `${mistake.what}: ${out}${err}`).to.equal(mistake.code);
        expect(wrote, mistake.what).to.equal(0);
        for (const word of mistake.says) expect(out + err, mistake.what).to.contain(word);
      }
      const planted = FULL ? FAULTS : FAULTS.slice(0, 1);
      const found: string[] = [];
      for (const fault of planted) {
        const other = await synced();
        try {
          if ((await made(other, MISTAKES[fault.mistake]!, await plantedDcs(['sync'], fault))).wrote > 0) found.push(fault.what);
        } finally {
          await other.close();
        }
      }
      expect(found).to.deep.equal(planted.map(({ what }) => what));
      evidence(15, {
        figure: `${MISTAKES.length} mistakes about account, project, config, credential and place: 0 writes, expected and found named; ${Object.keys(LURES).length} variables of other tools lead nowhere else`,
        met: true,
        seconds: seconds(),
        planted: planted.length,
        caught: found.length,
      });
    } finally {
      await w.close();
    }
  });

  it('goes where dcs.yaml says, whatever variables of other tools say', async () => {
    const w = await world();
    try {
      await w.yaml(YAML);
      await w.doppler('stg', { NEWER: 'of-stg' });
      const ran = await w.dcs(['sync', '-e', 'staging', '--yes'], { env: LURES });
      expect(ran.code, ran.err).to.equal(0);
      expect([await w.worker('NEWER'), await w.worker('NEWER', 'shop-api')]).to.deep.equal(['of-stg', undefined]);
    } finally {
      await w.close();
    }
  });
});
