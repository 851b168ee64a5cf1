import { expect } from 'chai';
import pg from 'pg';
import { SEED } from '../../plugins/dcs-plugin-sandbox/src/seed.ts';
import { database } from '../src/neon.ts';
import { failure, sleep, TOKEN, world, type World } from './world.ts';

describe('dcs-runtime/neon', function () {
  this.timeout(60_000);
  let w: World;
  let branch: string;
  const options = () => ({ host: w.origin, token: TOKEN });

  async function neon(method: string, path: string, body?: unknown, prefix = '/api/v2'): Promise<Record<string, never>> {
    const answer = await fetch(w.origin + prefix + path, {
      method,
      headers: { authorization: `Bearer ${SEED.neon.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return (await answer.json()) as never;
  }
  const settled = () => neon('POST', '/neon/settled', {}, '/_sandbox');
  async function rotate(): Promise<string> {
    const { role } = (await neon('POST', `${branch}/roles/neondb_owner/reset_password`)) as unknown as { role: { password: string } };
    return role.password;
  }

  let url: URL;
  beforeEach(async () => {
    w = await world();
    const made = (await neon('POST', '/projects', { project: { name: 'app', org_id: SEED.neon.org } })) as unknown as {
      project: { id: string };
      branch: { id: string };
      connection_uris: { connection_uri: string }[];
    };
    await settled();
    branch = `/projects/${made.project.id}/branches/${made.branch.id}`;
    url = new URL(made.connection_uris[0]!.connection_uri);
    await w.set({ DATABASE_URL: url.href });
  });
  afterEach(() => w.close());

  const one = async (pool: pg.Pool): Promise<number> => (await pool.query<{ one: number }>('select 1 as one')).rows[0]!.one;

  /** The rotation ends open sessions: a query that was under way is lost, and the next one goes on. */
  const cut = (error: unknown): number => {
    if ((error as { code?: string }).code === '57P01') return 0;
    throw error;
  };

  it('goes on through a rotation under load, asks Doppler once for it, and ends the former pool', async () => {
    const pools: pg.Pool[] = [];
    // Every query on a connection of its own: each has to sign in.
    const db = database((connectionString) => {
      const pool = new pg.Pool({ connectionString, max: 4, maxUses: 1 });
      pools.push(pool);
      return pool;
    }, options());
    let stop = false;
    let answered = 0;
    const load = Array.from({ length: 6 }, async () => {
      while (!stop) {
        const answer = await db(one).catch(cut);
        answered += answer; // in one step: `+=` over an await would forget what others counted
      }
    });
    while (answered < 6) await sleep(50);
    const before = answered;
    // The former password opens until the operation is done: Doppler has the new one by then.
    await neon('POST', '/neon/operations', { ms: 2000 }, '/_sandbox');
    url.password = await rotate();
    await w.set({ DATABASE_URL: url.href });
    await settled();
    while (answered <= before + 6 || pools.length < 2 || !pools[0]!.ended) await sleep(50);
    stop = true;
    await Promise.all(load);
    expect(answered).to.be.greaterThan(before + 6);
    expect(pools).to.have.length(2);
    expect(pools.map(({ ended }) => ended)).to.deep.equal([true, false]);
    expect(w.asked()).to.have.length(2);
    await pools[1]!.end();
  });

  it('asks Doppler at most once a second while it has nothing newer, and at once for the next rotation', async () => {
    const db = database((connectionString) => new pg.Pool({ connectionString, maxUses: 1 }), options());
    await db(one);
    for (const turn of ['first', 'second']) {
      url.password = await rotate();
      await settled();
      await w.set({ DATABASE_URL: url.href });
      expect(await db(one), turn).to.equal(1);
    }
    await rotate();
    await settled();
    const before = w.asked().length;
    for (let turn = 0; turn < 3; turn++) {
      const errors = await Promise.all(Array.from({ length: 8 }, () => failure(db(one))));
      for (const error of errors) expect(error).to.have.property('code', '28P01');
    }
    expect(w.asked().length - before).to.be.within(1, 2);
  });

  it('lives on when Neon ends a connection that nobody uses', async () => {
    let pool: pg.Pool | undefined;
    const db = database((connectionString) => (pool = new pg.Pool({ connectionString })), options());
    await db(one);
    const ended = new Promise((resolve) => pool!.once('remove', resolve));
    const other = new pg.Client({ connectionString: url.href });
    await other.connect();
    await other.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()');
    await ended;
    await other.end();
    expect(await db(one)).to.equal(1);
    await pool!.end();
  });

  it('tells the refusal as it is where Doppler has nothing newer, or cannot be asked', async () => {
    const db = database((connectionString) => new pg.Pool({ connectionString }), options());
    await rotate();
    await settled();
    expect(await failure(db(one))).to.have.property('code', '28P01');
    await w.fault({ kind: 'status', status: 503 });
    expect(await failure(db(one))).to.have.property('code', '28P01');
  });

  it('runs again for a refused login only, and takes what has no end() as it is', async () => {
    let runs = 0;
    const db = database((text) => ({ text }), options());
    const fail = (error: Error) =>
      db(() => {
        runs++;
        throw error;
      });
    await failure(fail(new Error('relation "x" does not exist')));
    expect([runs, w.asked().length]).to.deep.equal([1, 1]);
    await w.set({ DATABASE_URL: 'postgresql://another' });
    await failure(fail(new Error("password authentication failed for user 'neondb_owner'")));
    expect([runs, w.asked().length]).to.deep.equal([3, 2]);
    expect(await db(({ text }) => text)).to.equal('postgresql://another');
  });
});
