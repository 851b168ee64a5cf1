import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { notOk, patient, type Patient } from './patient.ts';
import { YAML } from './world.ts';

const LIST = 'GET /client/v4/accounts/:account/workers/scripts/shop-api-staging/settings';
const SECRETS = 'GET /v3/configs/config/secrets';

describe('dcs doctor: records, keys, Doppler and targets', () => {
  let w: Patient;
  beforeEach(async () => {
    w = await patient();
  });
  afterEach(() => w.close());

  describe('record and key', () => {
    beforeEach(() => w.synced());
    it('a damaged record: 6 and its file', async () => {
      const file = await w.ledger('staging');
      await writeFile(file, '{"version":1,');
      await w.finds(6, 'problem api staging', `The ledger ${file} is damaged at line 1`, `restore ${file}`);
    });
    it('a record that cannot be read: 6 and its file', async () => {
      const file = await w.ledger('staging');
      await rm(file);
      await mkdir(file);
      await w.finds(6, 'problem api staging', `The ledger ${file} cannot be read`, `move it away`);
    });
    it('a missing key: 6, both files; none is made in its place, and put back all is well', async () => {
      const key = w.state('keys', 'shop-stg.key');
      await rename(key, `${key}.away`);
      await w.finds(6, 'problem api staging', `The key ${key} is missing; ${await w.ledger('staging')} is sealed`, `restore ${key}`);
      await rename(`${key}.away`, key);
      expect(notOk((await w.doctor()).findings)).to.deep.equal([]);
    });
    it('sealed with another key: 6 and both files', async () => {
      const key = w.state('keys', 'shop-stg.key');
      await writeFile(key, 'a'.repeat(64));
      await w.finds(6, 'problem api staging', `${await w.ledger('staging')} is sealed with another key than ${key}`, `restore the key`);
    });
    it('a key that others may read: 6', async () => {
      const key = w.state('keys', 'shop-stg.key');
      await chmod(key, 0o644);
      await w.finds(6, 'problem api staging', `${key} cannot be used: others may read it`, `chmod 600 ${key}`);
    });
    it('one that git keeps, without its key: 2 and how to make one', async () => {
      await w.yaml(`${YAML}ledger: git\n`);
      const { code, findings } = await w.doctor();
      expect(code).to.equal(2);
      const [first] = notOk(findings);
      expect(first!.message).to.contain('DCS_LEDGER_KEY');
      expect(first!.try.join()).to.contain('openssl rand');
    });
    it('one that git keeps, of another key: 6', async () => {
      await w.yaml(`${YAML}ledger: git\n`);
      for (const config of ['stg', 'prd']) await w.doppler(config, { DCS_LEDGER_KEY: 'k'.repeat(40) });
      await w.synced('--allow', 'adopt', '--allow', 'rewrite');
      expect(notOk((await w.doctor()).findings)).to.deep.equal([]);
      await w.doppler('stg', { DCS_LEDGER_KEY: 'o'.repeat(40) });
      await w.finds(6, 'problem api staging', 'dcs.lock is sealed with another key than DCS_LEDGER_KEY', 'restore the key');
    });
  });

  describe('Doppler and targets', () => {
    it('a target whose list is refused: 3 and what to grant', async () => {
      await w.post('/_sandbox/faults', {
        route: LIST,
        kind: 'status',
        status: 403,
        body: { success: false, errors: [{ code: 10_000, message: 'Authentication error' }], messages: [], result: null },
        times: 'forever',
      });
      await w.finds(3, 'problem api staging', 'Cloudflare refused the token (403, code 10000)', 'grant the token Workers Scripts: Edit');
    });
    it('a Worker that is not there: 4', async () => {
      await w.yaml(YAML.replace('shop-api-staging', 'not-there'));
      await w.finds(4, 'problem api staging', "There is no Worker 'not-there'", 'wrangler deploy');
    });
    it('a config that Doppler does not give: 3', async () => {
      await w.post('/_sandbox/faults', { cloud: 'doppler', route: SECRETS, kind: 'status', status: 403, times: 'forever' });
      const { code, findings } = await w.doctor();
      expect(code).to.equal(3);
      expect(
        notOk(findings)
          .filter(({ level }) => level === 'problem')
          .map(({ what }) => what),
      ).to.deep.equal(['Doppler shop/dev', 'Doppler shop/stg', 'Doppler shop/prd']);
    });
    it('few requests left', async () => {
      await w.synced();
      const headers = { 'x-ratelimit-limit': '240', 'x-ratelimit-remaining': '23', 'x-ratelimit-reset': '1790000000' };
      const body = { secrets: { A: { raw: 'x', computed: 'x' } }, success: true };
      await w.post('/_sandbox/faults', { cloud: 'doppler', route: SECRETS, kind: 'status', status: 200, headers, body, times: 'forever' });
      await w.finds(0, 'warning Doppler', '23 of 240 requests left this minute', 'wait a minute');
    });
    it('a secret that dcs.yaml requires, and one of another type: named with whom to ask', async () => {
      await w.yaml(`${YAML}secrets:\n  STRIPE_LIVE: {required: [staging], owner: payments}\n`);
      await w.finds(0, 'warning Doppler shop/stg', 'STRIPE_LIVE is missing; dcs.yaml wants it', 'ask payments');
      await w.yaml(`${YAML}secrets:\n  CANARY: {type: number}\n`);
      await w.finds(0, 'warning Doppler shop/dev', 'CANARY is no number; dcs.yaml wants it', undefined);
    });
  });
});
