import { expect } from 'chai';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { hits, sinks } from './canaries.ts';
import { WORKER, world, YAML, type Ran, type World } from './world.ts';

const CANARY = 'c4n4ry-9d2b7e';
const { accountId: account, pages } = SEED.cloudflare;
const TARGETS: Readonly<Record<'api' | 'web' | 'store', string>> = {
  api: YAML,
  web: `doppler: shop\ntargets:\n  web:\n    type: cloudflare-pages\n    account_id: ${account}\n    project: {staging: ${pages}}\n    include: ["*"]\n`,
  store: `doppler: shop\ntargets:\n  store:\n    type: cloudflare-secrets-store\n    account_id: {staging: ${account}}\n    include: ["*"]\n`,
};
const SECRETS = 'GET /v3/configs/config/secrets';

describe('values, names and refusals that nobody expects: one clear message, the documented exit code, no value anywhere', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
    await w.yaml(YAML);
  });
  afterEach(async () => {
    expect(hits([CANARY], await sinks(w))).to.deep.equal([]);
    await w.close();
  });

  const sync = (...more: string[]) => w.dcs(['sync', '-e', 'staging', '--yes', ...more]);
  const is = (run: Ran, code: number, ...says: string[]): void => {
    expect(run.code, run.err + run.out).to.equal(code);
    for (const text of says) expect(run.err + run.out).to.contain(text);
    expect(run.err).not.to.match(/\n\s+at .*:\d+:\d+/);
    expect(hits([CANARY], new Map(Object.entries({ out: run.out, err: run.err })))).to.deep.equal([]);
  };
  const fault = (body: Record<string, unknown>) => w.post('/_sandbox/faults', { times: 'forever', kind: 'status', ...body });
  const lift = async (): Promise<void> => void (await fetch(`${w.origin}/_sandbox/faults`, { method: 'DELETE' }));
  /** Doppler answers with these secrets: names and values that its own API would not take. */
  const doppler = async (secrets: readonly (readonly [name: string, value: string])[]): Promise<void> => {
    const held = Object.fromEntries(secrets.map(([name, value]) => [name, { raw: value, computed: value }]));
    await fault({ cloud: 'doppler', route: SECRETS, status: 200, headers: { etag: 'W/"odd"' }, body: { secrets: held, success: true } });
  };
  const peek = async (place: Record<string, string>, name: string): Promise<string | undefined> => {
    const answer = await fetch(`${w.origin}/_sandbox/cloudflare/peek?${new URLSearchParams({ account, name, ...place })}`);
    return ((await answer.json()) as { value: string | null }).value ?? undefined;
  };
  const cloudflare = (path: string, body?: unknown) =>
    fetch(`${w.origin}/client/v4/accounts/${account}/${path}`, {
      headers: { authorization: `Bearer ${SEED.cloudflare.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const stored = async (name: string): Promise<string | undefined> => {
    const { result } = (await (await cloudflare('secrets_store/stores')).json()) as { result: { id: string }[] };
    return peek({ store: result[0]!.id }, name);
  };
  const written = async (): Promise<unknown[]> =>
    (await w.journal()).filter(({ cloud, method, status }) => cloud === 'cloudflare' && method !== 'GET' && status < 300);
  /** The fault is gone: one run, and every name is in sync. */
  const converges = async (): Promise<void> => {
    await lift();
    is(await sync(), 0);
    is(await w.dcs(['status', '-e', 'staging', '--exit-code']), 0, 'in sync');
    await w.forget();
    is(await sync(), 0);
    expect(await written()).to.deep.equal([]);
  };

  describe('values', () => {
    it('NUL and every other control character: byte for byte on a Worker, on Pages and in a Secrets Store', async () => {
      const value = `${CANARY}\0${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\u007f\u2028\ufeff`;
      await w.doppler('stg', { ODD: value });
      const read: Record<keyof typeof TARGETS, () => Promise<string | undefined>> = {
        api: () => w.worker('ODD'),
        web: () => peek({ pages }, 'ODD'),
        store: () => stored('ODD'),
      };
      for (const [name, yaml] of Object.entries(TARGETS)) {
        await w.yaml(yaml);
        is(await sync(), 0);
        expect(await read[name as keyof typeof TARGETS](), name).to.equal(value);
      }
    });
    it('NUL in a program’s environment: refused by name', async () => {
      await w.doppler('stg', { ODD: `${CANARY}\0x` });
      is(await w.dcs(['run', '-e', 'staging', '--', 'true']), 125, 'ODD', 'NUL');
    });
    it('50 KiB, the most Doppler takes: too long for a Worker (5, the rest written), right for a Secrets Store', async () => {
      const big = CANARY.padEnd(50 * 1024, 'x');
      await w.doppler('stg', { BIG: big });
      is(await sync(), 5, 'BIG', 'larger than 5120 bytes');
      expect(await w.worker('BIG')).to.equal(undefined);
      expect(await w.worker('STRIPE_KEY')).to.be.a('string');
      await w.yaml(TARGETS.store);
      is(await sync(), 0);
      expect(await stored('BIG')).to.equal(big);
    });
    it('more than that: Doppler refuses it; 64 KiB from it all the same fit a Secrets Store to the byte, one more is blocked by name', async () => {
      let refused: unknown;
      await w.doppler('stg', { BIG: 'x'.repeat(50 * 1024 + 1) }).catch((error: unknown) => (refused = error));
      expect(refused).to.be.an('error');
      await w.yaml(TARGETS.store);
      const most = CANARY.padEnd(64 * 1024, 'x');
      await doppler([
        ['FITS', most],
        ['BIG', `${most}x`],
      ]);
      is(await sync(), 5, 'BIG', 'larger than 65536 bytes');
      expect(await stored('FITS')).to.equal(most);
      expect(await stored('BIG')).to.equal(undefined);
    });
  });

  describe('names', () => {
    const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'] as const;
    const held = odd.map((name) => [name, `${CANARY}-${name}`] as const);
    it('of properties of objects: planned, written, in sync, told by status, and run’s and env’s', async () => {
      await doppler(held);
      is(await w.dcs(['diff', '-e', 'staging']), 0, ...odd.map((name) => `+ create  ${name}`));
      is(await sync(), 0, '5 written');
      for (const [name, value] of held) expect(await w.worker(name), name).to.equal(value);
      is(await w.dcs(['status', '-e', 'staging', '--exit-code', '--keys']), 0, ...odd);
      await w.forget();
      is(await sync(), 0);
      expect(await written()).to.deep.equal([]);
      const shown = await w.dcs(['env', '-e', 'staging', '--format', 'json', '--reveal']);
      expect(shown.code, shown.err).to.equal(0);
      expect(Object.entries(JSON.parse(shown.out) as object)).to.deep.include.members(held.map(([name, value]) => [name, value]));
      const script = `for (const name of ${JSON.stringify(odd)}) if (!Object.hasOwn(process.env, name)) process.exit(9)`;
      is(await w.dcs(['run', '-e', 'staging', '--', process.execPath, '-e', script]), 0);
    });
    it('the same on Pages and in a Secrets Store', async () => {
      await doppler(held);
      await w.yaml(TARGETS.web);
      is(await sync(), 0, '5 written');
      for (const [name, value] of held) expect(await peek({ pages }, name), name).to.equal(value);
      await w.yaml(TARGETS.store);
      is(await sync(), 0, '5 written');
      for (const [name, value] of held) expect(await stored(name), name).to.equal(value);
    });
    it('in dcs.yaml: chosen, renamed and left out like any other', async () => {
      await doppler(held);
      await w.yaml(YAML.replace('include: ["*"]', 'include: ["__proto__", toString]\n    rename: {toString: RENAMED}'));
      is(await sync(), 0, '2 written');
      expect(await w.worker('RENAMED')).to.equal(`${CANARY}-toString`);
      expect(await w.worker('__proto__')).to.equal(`${CANARY}-__proto__`);
      expect(await w.worker('constructor')).to.equal(undefined);
    });
    for (const [at, yaml] of [
      ['2:3', (name: string) => YAML.replace('doppler: shop\ntargets:\n  api', `targets:\n  ${name}`)],
      ['8:16', (name: string) => `${YAML}environments: {${name}: {}, dev: {}}\n`],
      ['8:14', (name: string) => `${YAML}    rename: {${name}: OTHER}\n`],
    ] as const)
      it(`as a key of dcs.yaml at ${at}: 2 and where, never another meaning`, async () => {
        for (const name of ['__proto__', 'constructor']) {
          await w.yaml(yaml(name));
          is(await w.dcs(['config', 'validate']), 2, `dcs.yaml:${at}: ${name} cannot be a key.`);
        }
        await w.yaml(YAML);
      });
    it('that no Worker can have: blocked by name, the rest written', async () => {
      await doppler([
        ['FINE', 'fine'],
        ['not a name', CANARY],
        ['1ST', CANARY],
        ['../../x', CANARY],
        ['', CANARY],
      ]);
      is(await sync(), 5, 'not a name', '1ST', '../../x');
      expect(await w.worker('FINE')).to.equal('fine');
      expect((await w.journal()).filter(({ path }) => path.includes('..'))).to.deep.equal([]);
    });
    it('that would write over the terminal: not taken from Doppler (8), spelt out where a cloud holds one', async () => {
      await doppler([['EVIL\u001b[2J', CANARY]]);
      is(await sync(), 8, 'not what its API documents');
      await lift();
      await w.yaml(TARGETS.store);
      is(await sync(), 0);
      const { result } = (await (await cloudflare('secrets_store/stores')).json()) as { result: { id: string }[] };
      const evil = [{ name: 'EVIL\u001b[2J\u202e', value: 'x', scopes: ['workers'] }];
      expect((await cloudflare(`secrets_store/stores/${result[0]!.id}/secrets`, evil)).status).to.equal(200);
      for (const words of [['diff'], ['status', '--keys'], ['sync', '--yes']]) {
        const run = await w.dcs([...words, '-e', 'staging']);
        for (const mark of ['\u001b', '\u202e']) expect(run.out + run.err, words.join(' ')).not.to.contain(mark);
        if (words[0] !== 'sync') is(run, 0, 'EVIL\\u{1b}[2J\\u{202e}');
      }
    });
  });

  describe('refusals', () => {
    const forbidden = { status: 403, body: { success: false, errors: [{ code: 10_000, message: CANARY }], messages: [], result: null } };
    const paths = {
      api: [
        `GET /client/v4/accounts/:a/workers/scripts/${WORKER}/settings`,
        `PATCH /client/v4/accounts/:a/workers/scripts/${WORKER}/secrets-bulk`,
      ],
      web: [`GET /client/v4/accounts/:a/pages/projects/${pages}`, `PATCH /client/v4/accounts/:a/pages/projects/${pages}`],
      store: ['GET /client/v4/accounts/:a/secrets_store/stores/:s/secrets', 'POST /client/v4/accounts/:a/secrets_store/stores/:s/secrets'],
    } as const;

    it('403 from Doppler: 3, nothing asked of the cloud; then it converges', async () => {
      await fault({ cloud: 'doppler', status: 403, body: { messages: [CANARY], success: false } });
      is(await sync(), 3, 'The Doppler token has no access to shop/stg', 'dcs whoami');
      expect(await written()).to.deep.equal([]);
      await converges();
    });
    it('429 from Doppler for ever: 8, nothing written; then it converges', async () => {
      await fault({ cloud: 'doppler', status: 429, retryAfter: 0, body: { messages: [CANARY], success: false } });
      is(await sync(), 8, '429');
      expect(await written()).to.deep.equal([]);
      await converges();
    });
    it('429 from Doppler once is waited out', async () => {
      await fault({ cloud: 'doppler', status: 429, retryAfter: 1, times: 1 });
      is(await sync(), 0, '7 written');
    });
    it('403 from Pages, making it live: 5, all written and why it is not live', async () => {
      await w.yaml(TARGETS.web);
      await fault({ route: `GET /client/v4/accounts/:a/pages/projects/${pages}/deployments`, ...forbidden });
      is(await sync('--redeploy'), 5, '7 of 7 written', 'Cloudflare refused the token (403, code 10000)', 'Try   dcs login cloudflare');
      await lift();
      is(await w.dcs(['status', '-e', 'staging', '--exit-code']), 0, 'in sync');
      is(await w.dcs(['sync', '-e', 'staging', '--redeploy']), 7, '--yes');
      is(await sync('--redeploy'), 0, 'nothing to write, confirmed, Pages deployment');
    });
    it('a service token of one config: status shows its environment, and of the others that there is no access', async () => {
      is(await sync(), 0);
      const run = await w.dcs(['status', '--json'], { env: { DOPPLER_TOKEN: SEED.tokens.stg } });
      const rows = (run.json()['targets'] ?? run.json()['rows']) as { environment: string; state: string }[];
      expect(rows.map(({ environment, state }) => [environment, state])).to.deep.equal([
        ['staging', 'in sync'],
        ['prod', 'no access'],
      ]);
    });
    for (const [name, [list, write]] of Object.entries(paths)) {
      it(`403 from ${name}, listing: 3, nothing written; then it converges`, async () => {
        await w.yaml(TARGETS[name as keyof typeof TARGETS]);
        await fault({ route: list, ...forbidden });
        const run = await sync();
        is(run, 3, 'Cloudflare refused the token (403, code 10000)', 'dcs login cloudflare');
        expect((run.out + run.err).split('refused the token')).to.have.length(2);
        expect(await written()).to.deep.equal([]);
        await converges();
      });
      it(`403 from ${name}, writing: 3, each name said, what to do; then it converges`, async () => {
        await w.yaml(TARGETS[name as keyof typeof TARGETS]);
        await fault({ route: write, ...forbidden });
        const run = await sync();
        is(run, 3, '0 of 7 written', 'STRIPE_KEY', 'Cloudflare refused the token (403, code 10000)', 'Try   dcs login cloudflare');
        expect(run.out.split('Try   dcs login cloudflare'), run.out).to.have.length(2);
        expect(await written()).to.deep.equal([]);
        await converges();
      });
      it(`a refusal of ${name} in Cloudflare’s own words: 4, no word repeated; then it converges`, async () => {
        await w.yaml(TARGETS[name as keyof typeof TARGETS]);
        await fault({ route: write, status: 400, body: { success: false, errors: [{ code: 10_021, message: `"${CANARY}" is no good` }] } });
        is(await sync(), 4, '0 of 7 written', '(400, code 10021)');
        await converges();
      });
    }
  });
});
