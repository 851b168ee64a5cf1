import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createHttp, isDcsError, type Context, type Secret } from 'dcs-sdk';
import { neon as neonCloud } from '../../dcs-plugin-sandbox/src/neon/cloud.ts';
import { SEED } from '../../dcs-plugin-sandbox/src/seed.ts';
import { startSandbox, type Sandbox } from '../../dcs-plugin-sandbox/src/server/server.ts';
import { createApi } from '../src/api.ts';
import { branchesOf, type Branch } from '../src/branches.ts';
import { passwordOf } from '../src/connection.ts';
import { renewPassword } from '../src/create-branch.ts';
import { neonOf, type Neon } from '../src/operations.ts';
import { createProject } from '../src/projects.ts';

const ROLE = 'neondb_owner';
const PATIENCE = 400;

describe('a password of its own', () => {
  let sandbox: Sandbox;
  let neon: Neon;
  let project: string;
  let branch: Branch;
  before(async function () {
    this.timeout(60_000);
    sandbox = await startSandbox({ clouds: [neonCloud()] });
    const context: Context = {
      http: createHttp({ base: `${sandbox.origin}/api/v2`, name: 'Neon', timeout: PATIENCE, sleep: async () => undefined }),
      env: { NEON_API_KEY: SEED.neon.key },
      signal: new AbortController().signal,
      log: () => {},
      kept: async () => undefined,
    };
    neon = neonOf(createApi(context), context);
    const none = { region: undefined, version: undefined, database: undefined, role: undefined };
    project = (await createProject(neon, { name: 'shop', org: SEED.neon.org, ...none })).id;
    [branch] = (await branchesOf(neon.api, project)) as [Branch];
  });
  after(() => sandbox.close());

  const meets = async (fault: object): Promise<unknown> => {
    const route = 'POST /api/v2/projects/:project/branches/:branch/roles/:role/reset_password';
    await fetch(`${sandbox.origin}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ route, ...fault }) });
    return renewPassword(neon, project, branch, ROLE).catch((error: unknown) => error);
  };
  const now = async (): Promise<string> => (await passwordOf(neon.api, project, branch, ROLE)).reveal();

  it('is the one that opens, also where the first answer was lost', async () => {
    for (const fault of [{ kind: 'reset' }, { kind: 'reset-after-commit' }, { kind: 'status-after-commit', status: 500 }]) {
      const before = await now();
      const renewed = (await meets(fault)) as Secret;
      expect(renewed.reveal()).to.equal(await now());
      expect(renewed.reveal()).to.not.equal(before);
    }
  });

  it('is not told while another one may still come', async () => {
    const said = await meets({ kind: 'delay', ms: PATIENCE + 300 });
    if (!isDcsError(said)) throw new Error('a password was told');
    expect([said.code, said.details.hint]).to.deep.equal(['NETWORK', 'the same command again: it goes on with what is there']);
    const before = await now();
    await sleep(600);
    expect(await now()).to.not.equal(before);
  });
});
