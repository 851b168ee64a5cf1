import { expect } from 'chai';
import { loadSecretsFromEnv } from '../../runtime/src/cloudflare.ts';
import { initSecrets, refreshSecrets, reset } from '../../runtime/src/cloudrun.ts';
import { withSecretsCallable, withSecretsEvent } from '../../runtime/src/firebase.ts';
import { clearSecretsCache, getSecrets, type Secrets, type SecretsOptions } from '../../runtime/src/index.ts';
import { loadSecrets } from '../../runtime/src/node.ts';
import { doppler, type Runtime } from '../../runtime/test/model.ts';
import { failure, SESSION, sleep, STRIPE, TOKEN, world as runtimeWorld, type World as Played } from '../../runtime/test/world.ts';
import { world, YAML, type World } from '../e2e/world.ts';
import { evidence, FULL, sized, stopwatch } from './evidence.ts';
import { plantedDcs, plantedModule, type Fault } from './planted.ts';

const seed = 20261121;
type Way = (options: SecretsOptions) => Promise<Secrets>;

/** The ways in of every adapter. Those of Cloud Run and Node begin by them, and the neon adapter reads by the first. */
const WAYS: Readonly<Record<string, Way>> = {
  getSecrets,
  'a callable of Firebase': (options) => withSecretsCallable(options, (_request: unknown, secrets) => secrets)(undefined),
  'an event of Firebase': (options) => withSecretsEvent(options, (_event: unknown, secrets) => secrets)(undefined),
  'a Worker': ({ token, ...options }) => loadSecretsFromEnv({ DOPPLER_TOKEN: token }, options),
  'Cloud Run': initSecrets,
};
const ALL: Runtime = {
  clear: () => {
    clearSecretsCache();
    reset();
  },
  ways: Object.values(WAYS),
};

type Index = typeof import('../../runtime/src/index.ts');
const planted = async (fault: Fault): Promise<Runtime> => {
  const module = await plantedModule<Index>('runtime/src/index.ts', fault);
  return { clear: module.clearSecretsCache, ways: [module.getSecrets] };
};

const MIXES: readonly Fault[] = [
  { what: 'one cache for all tokens', edits: [['runtime/src/cache.ts', 'const key = owner + scope;', 'const key = scope;']] },
  { what: 'one cache for all sets of names', edits: [['runtime/src/cache.ts', 'const key = owner + scope;', 'const key = owner;']] },
  {
    what: 'as many requests as calls',
    edits: [['runtime/src/cache.ts', 'if (running) return running;', 'if (running && !key) return running;']],
  },
];
const STALE: readonly Fault[] = [
  { what: 'a refusal is an outage', edits: [['runtime/src/doppler.ts', '/^4(?!08|29)/', '/^7/']] },
  {
    what: 'a refusal takes away one set of names only',
    edits: [['runtime/src/cache.ts', "(error.code === 'REFUSED' && other.startsWith(owner))", 'false']],
  },
];
const SNAPSHOTS: readonly Fault[] = [
  { what: 'a refusal leaves the snapshot', edits: [['src/run/reader.ts', 'if ([401, 403, 404].includes(', 'if ([499].includes(']] },
  {
    what: 'a refusal is an outage',
    edits: [['src/run/reader.ts', 'if (kept === undefined || !isOutage(error)) throw error;', 'if (kept === undefined) throw error;']],
  },
];

describe('running apps', function () {
  this.timeout(1_800_000);

  it('mixes up neither tokens nor names, and asks once for 1,000 calls at once', async () => {
    const seconds = stopwatch();
    const played = await doppler();
    try {
      expect(await played.live(ALL, { numRuns: sized(60, 1500), seed })).to.equal(undefined);
      const reads = played.reads();
      const w = await runtimeWorld();
      try {
        for (const [name, way] of Object.entries(WAYS)) {
          ALL.clear();
          const before = w.asked().length;
          const calls = Array.from({ length: 1000 }, () => way({ host: w.origin, token: TOKEN, keys: ['STRIPE_KEY'] }));
          const answers = new Set((await Promise.all(calls)).map((secrets) => secrets['STRIPE_KEY']));
          expect([[...answers], w.asked().length - before], name).to.deep.equal([[STRIPE], 1]);
        }
      } finally {
        await w.close();
      }
      const found: string[] = [];
      for (const fault of MIXES)
        if ((await played.live(await planted(fault), { numRuns: 200, seed })) !== undefined) found.push(fault.what);
      expect(found).to.deep.equal(MIXES.map(({ what }) => what));
      evidence(25, {
        figure: `${reads.toLocaleString('en')} reads by ${Object.keys(WAYS).length} ways of ${sized(60, 1500).toLocaleString('en')} histories of 2 tokens and 4 sets of names: 0 mixed up; 1 request for 1,000 calls at once, by each way`,
        met: true,
        seed,
        seconds: seconds(),
        planted: MIXES.length,
        caught: found.length,
      });
    } finally {
      played.close();
      ALL.clear();
    }
  });

  it('serves nothing old after a refusal, and nothing too old in an outage', async () => {
    const seconds = stopwatch();
    let runs = 0;
    for (const status of [401, 403, 404])
      for (const [name, way] of Object.entries(WAYS)) {
        const w = await runtimeWorld();
        try {
          expect(await refuses(w, way, status), `${status}, ${name}`).to.equal('refused');
          runs++;
        } finally {
          await w.close();
          ALL.clear();
        }
      }
    const outages = [{ kind: 'status', status: 503 }, { kind: 'reset' }, { kind: 'delay', ms: 1500 }];
    for (const outage of FULL ? outages : outages.slice(0, 1))
      for (const [name, way] of Object.entries(WAYS)) {
        const w = await runtimeWorld();
        try {
          expect(await outlives(w, way, outage), `${JSON.stringify(outage)}, ${name}`).to.deep.equal([STRIPE, 'UNREACHABLE']);
          runs++;
        } finally {
          await w.close();
          ALL.clear();
        }
      }
    for (const status of FULL ? [401, 403, 404] : [401]) {
      expect(await snapshot(status), `snapshot, ${status}`).to.deep.equal(['refused', 'none left']);
      runs++;
    }
    const found: string[] = [];
    for (const fault of STALE) {
      const w = await runtimeWorld();
      const { ways, clear } = await planted(fault);
      if ((await refuses(w, ways[0]!, 401)) !== 'refused') found.push(`app: ${fault.what}`);
      clear();
      await w.close();
    }
    const snapshots = FULL ? SNAPSHOTS : SNAPSHOTS.slice(0, 1);
    for (const fault of snapshots)
      if ((await snapshot(401, await plantedDcs(['run'], fault))).join() !== 'refused,none left') found.push(`snapshot: ${fault.what}`);
    expect(found).to.have.length(STALE.length + snapshots.length);
    evidence(24, {
      figure: `${runs} cases of 401, 403, 404, 503, a reset and a timeout, by ${Object.keys(WAYS).length} ways of an app and by the snapshot of \`dcs run\`: 0 old values after a refusal, none older than allowed in an outage`,
      met: true,
      seconds: seconds(),
      planted: STALE.length + snapshots.length,
      caught: found.length,
    });
  });

  it('have no other way in than these', async () => {
    const w = await runtimeWorld();
    try {
      Object.assign(process.env, { DOPPLER_TOKEN: TOKEN, DOPPLER_API_HOST: w.origin });
      await loadSecrets({ keys: ['STRIPE_KEY'] });
      await initSecrets({ keys: ['STRIPE_KEY'] });
      expect(w.asked()).to.deep.equal([200]);
      await w.fault({ kind: 'status', status: 401 });
      expect((await failure(refreshSecrets())).code).to.equal('REFUSED');
    } finally {
      for (const name of ['DOPPLER_TOKEN', 'DOPPLER_API_HOST', 'STRIPE_KEY']) delete process.env[name];
      await w.close();
      ALL.clear();
    }
  });
});

/** Two sets of names are fresh in the cache; then the token is refused for one of them. */
async function refuses(w: Played, way: Way, status: number): Promise<string> {
  const of = (key: string, ttl: number): Promise<Secrets> => way({ host: w.origin, token: TOKEN, keys: [key], ttl });
  expect([(await of('STRIPE_KEY', 60))['STRIPE_KEY'], (await of('SESSION_KEY', 60))['SESSION_KEY']]).to.deep.equal([STRIPE, SESSION]);
  await w.fault({ kind: 'status', status });
  const said = await Promise.allSettled([of('STRIPE_KEY', 0)]);
  said.push(...(await Promise.allSettled([of('SESSION_KEY', 60)])));
  // What an outage brings up again would be old, too.
  await w.mend();
  await w.fault({ kind: 'reset' });
  said.push(...(await Promise.allSettled([of('STRIPE_KEY', 60)])));
  return said.every((each) => each.status === 'rejected') ? 'refused' : 'served';
}

/** What is served while Doppler is away, and once it is older than allowed. */
async function outlives(w: Played, way: Way, fault: Parameters<Played['fault']>[0]): Promise<[string | undefined, string | undefined]> {
  const ask = (): Promise<Secrets> => way({ host: w.origin, token: TOKEN, keys: ['STRIPE_KEY'], ttl: 0, maxStale: 0.5, timeout: 0.2 });
  await ask();
  await w.fault(fault);
  const { STRIPE_KEY } = await ask();
  await sleep(510);
  return [STRIPE_KEY, (await failure(ask())).code];
}

/** `dcs run` after its token was refused, and what `--offline` finds then. */
async function snapshot(status: number, root?: string): Promise<string[]> {
  const w: World = await world();
  try {
    await w.yaml(YAML);
    const run = (flags: readonly string[], other?: string): ReturnType<World['dcs']> =>
      w.dcs(['run', ...flags, '--', process.execPath, '-e', 'console.log(1)'], other === undefined ? {} : { root: other });
    expect((await run([])).code).to.equal(0);
    await w.post('/_sandbox/faults', { cloud: 'doppler', times: 'forever', kind: 'status', status });
    const online = await run([], root);
    const offline = await run(['--offline'], root);
    return [online.code === 125 ? 'refused' : 'ran', offline.code === 125 ? 'none left' : 'ran'];
  } finally {
    await w.close();
  }
}
