import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { must, oneLine, Record } from './record.mjs';
import { HERE, run, SEED, world } from './world.mjs';

const require = createRequire(import.meta.url);
const BIN = join(HERE, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const { worker, pages } = SEED.cloudflare;

/** The vendor's CLI, aimed at the sandbox by the vendor's own variables. */
export async function wrangler() {
  const record = new Record('wrangler', require('wrangler/package.json').version);
  const w = await world();
  const env = { ...w.env, WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_ACCOUNT_ID: SEED.cloudflare.accountId };
  const go = async (args, input) => {
    const ran = await run(process.execPath, [BIN, ...args], { env, cwd: w.work, input });
    if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${oneLine(`${ran.err} ${ran.out}`)}${missing(w)}`);
    return ran.out;
  };
  try {
    await workerSecrets(go, w, record);
    await versions(go, w, record);
    await pagesSecrets(go, w, record);
    await secretsStore(go, w, record);
    await deploys(go, w, record);
  } finally {
    await w.close();
  }
  return record;
}

const missing = (w) => {
  const last = w.unknown().at(-1);
  return last === undefined ? '' : ` (404: ${last.method} ${last.path.replace(SEED.cloudflare.accountId, '{account}')})`;
};

/** `latest` is a version that is not deployed, which `peek` does not see. */
async function workerSecrets(go, w, record) {
  const names = async () => JSON.parse(await go(['secret', 'list', '--name', worker])).map(({ name }) => name);
  await record.try('secret put (stdin)', async () => {
    await go(['secret', 'put', 'ONE', '--name', worker], 'first value');
    must((await w.peek('ONE')) === 'first value', 'the Worker does not read the value that was sent');
  });
  await record.try('secret list', async () => must((await names()).includes('ONE'), 'the list lacks the name'));
  await record.try('secret bulk (stdin JSON, null deletes)', async () => {
    await go(['secret', 'bulk', '--name', worker], JSON.stringify({ ONE: null, TWO: 'zwei', THREE: 'line\nline' }));
    must((await w.peek('ONE')) === undefined, 'null did not delete');
    must((await w.peek('TWO')) === 'zwei' && (await w.peek('THREE')) === 'line\nline', 'a value is another one');
  });
  await record.try('secret delete', async () => {
    await go(['secret', 'delete', 'THREE', '--name', worker]);
    must(!(await names()).includes('THREE'), 'the name is still listed');
  });
  await record.try('secret put on a Worker that is not there (wrangler makes a draft)', async () => {
    await go(['secret', 'put', 'NEW', '--name', 'conformance-draft'], 'v');
    must((await w.peek('NEW', 'conformance-draft')) === 'v', 'the draft does not read the value');
  });
}

async function versions(go, w, record) {
  await record.try('versions list', async () => {
    const listed = JSON.parse(await go(['versions', 'list', '--name', worker, '--json']));
    const triggers = listed.map(({ annotations }) => annotations?.['workers/triggered_by']);
    must(triggers.includes('secret') && triggers.includes('upload'), 'it is not said what triggered the versions');
  });
  await record.try('deployments list', async () => {
    const listed = JSON.parse(await go(['deployments', 'list', '--name', worker, '--json']));
    must(listed.length > 1 && listed.every(({ versions: parts }) => parts.length === 1), 'deployments are missing');
  });
  await record.try('versions secret put (stdin)', async () => {
    await go(['versions', 'secret', 'put', 'LATER', '--name', worker], 'later');
    must((await w.peek('LATER')) !== 'later', 'a version that is not deployed is live');
  });
  await record.try('versions secret bulk (stdin JSON)', () =>
    go(['versions', 'secret', 'bulk', '--name', worker], JSON.stringify({ LATER_TOO: 'x' })).then(() => ''),
  );
  await record.try('versions secret list', async () => {
    const out = await go(['versions', 'secret', 'list', '--name', worker]);
    must(out.includes('TWO') && !out.includes('LATER'), 'the deployed version has other names');
  });
  const unlisted = {
    reason: 'wrangler reads `resources` from the list of versions, where the vendor describes none; the sandbox keeps to the description',
    fails: (error) => error.message.includes("reading 'bindings'"),
  };
  await record.known('versions secret list --latest-version', unlisted, () =>
    go(['versions', 'secret', 'list', '--name', worker, '--latest-version']),
  );
  await record.try('versions view', async () => {
    const [version] = JSON.parse(await go(['versions', 'list', '--name', worker, '--json'])).toReversed();
    await go(['versions', 'view', version.id, '--name', worker]);
  });
  await record.try('versions deploy', async () => {
    const [version] = JSON.parse(await go(['versions', 'list', '--name', worker, '--json'])).toReversed();
    await go(['versions', 'deploy', `${version.id}@100%`, '--name', worker, '--yes']);
    must((await w.peek('LATER')) === 'later', 'the deployed version lacks the secret');
  });
}

async function pagesSecrets(go, w, record) {
  const on = ['--project-name', pages];
  await record.try('pages secret put (stdin)', () => go(['pages', 'secret', 'put', 'PAGE', ...on], 'v').then(() => ''));
  await record.try('pages secret bulk (stdin JSON)', () =>
    go(['pages', 'secret', 'bulk', ...on], JSON.stringify({ PAGE_TWO: 'v' })).then(() => ''),
  );
  await record.try('pages secret list', async () => {
    const out = await go(['pages', 'secret', 'list', ...on]);
    must(out.includes('PAGE') && out.includes('PAGE_TWO'), 'the list lacks a name');
  });
  await record.try('pages secret delete', async () => {
    await go(['pages', 'secret', 'delete', 'PAGE_TWO', ...on]);
    must(!(await go(['pages', 'secret', 'list', ...on])).includes('PAGE_TWO'), 'the name is still listed');
  });
  await record.try('pages project list', async () =>
    must((await go(['pages', 'project', 'list'])).includes(pages), 'the list lacks the project'),
  );
}

async function secretsStore(go, w, record) {
  const hex = (text) => /\b[0-9a-f]{32}\b/.exec(text)?.[0];
  let store;
  await record.try('secrets-store store list --remote', async () => {
    const out = await go(['secrets-store', 'store', 'list', '--remote']);
    must(out.includes(SEED.cloudflare.store), 'the list lacks the store');
    store = hex(out.split('\n').find((line) => line.includes(SEED.cloudflare.store)) ?? '');
    must(store !== undefined, 'the store has no id of 32 hex digits');
  });
  const of = (...args) => ['secrets-store', 'secret', ...args.slice(0, 1), store ?? 'none', ...args.slice(1), '--remote'];
  await record.try('secrets-store secret create --remote', async () => {
    await go(of('create', '--name', 'SHARED', '--value', 'not-a-secret', '--scopes', 'workers'));
    return 'the value goes by --value: wrangler reads it from a terminal or from there only';
  });
  let id;
  await record.try('secrets-store secret list --remote', async () => {
    const out = await go(of('list'));
    id = hex(out.split('\n').find((line) => line.includes('SHARED')) ?? '');
    must(id !== undefined, 'the list lacks the secret or its id');
  });
  await record.try('secrets-store secret get --remote', () => go(of('get', '--secret-id', id ?? 'none')).then(() => ''));
  await record.try('secrets-store secret update --remote', () =>
    go(of('update', '--secret-id', id ?? 'none', '--value', 'not-a-secret-2', '--scopes', 'workers')).then(() => ''),
  );
  await record.try('secrets-store secret duplicate --remote', () =>
    go(of('duplicate', '--secret-id', id ?? 'none', '--name', 'SHARED_TOO', '--scopes', 'workers')).then(() => ''),
  );
  await record.try('secrets-store secret delete --remote', () => go(of('delete', '--secret-id', id ?? 'none')).then(() => ''));
}

async function deploys(go, w, record) {
  const folder = join(w.work, 'worker');
  await mkdir(folder);
  await writeFile(join(folder, 'index.js'), 'export default { fetch: () => new Response("ok") };\n');
  const config = join(folder, 'wrangler.json');
  const settings = { name: worker, main: 'index.js', compatibility_date: '2026-10-01', workers_dev: false };
  await writeFile(config, JSON.stringify(settings));
  await record.try('deploy (the secrets stay)', async () => {
    await go(['deploy', '--config', config]);
    must((await w.peek('TWO')) === 'zwei', 'a deploy lost a secret');
  });
  await record.try('versions upload', () => go(['versions', 'upload', '--config', config]).then(() => ''));
  await record.try('whoami', () => go(['whoami']).then(() => ''));
}
