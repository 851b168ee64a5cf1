import { Octokit } from '@octokit/rest';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { must, oneLine, Record } from './record.mjs';
import { HERE, run, SEED, versionOf, world } from './world.mjs';

const [owner, repo] = SEED.github.repository.split('/');
const at = { owner, repo };

export async function octokit() {
  const record = new Record('@octokit/rest', await versionOf('@octokit/rest'));
  const w = await world();
  const as = (auth) => new Octokit({ auth, baseUrl: w.env.GITHUB_API_URL, log: SILENT });
  try {
    const client = as(w.env.GITHUB_TOKEN);
    await repository(client, w, record);
    await issues(client, record);
    await comments(client, w, record);
    await refusals({ client, as, w, record });
  } finally {
    await w.close();
  }
  return record;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const refused = async (status, promise) => {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  must(error?.status === status, `the status is ${error?.status}, not ${status}`);
  return error;
};

async function repository(client, w, record) {
  await record.try('repos.get, users.getAuthenticated', async () => {
    const { data } = await client.rest.repos.get(at);
    must(data.full_name === SEED.github.repository && data.private, 'another repository');
    must((await client.rest.users.getAuthenticated()).data.login === 'you', 'another person');
  });
  await record.try('repos.createDispatchEvent', async () => {
    const payload = { environment: 'prod', project: 'shop', config: 'prd' };
    const { status } = await client.rest.repos.createDispatchEvent({ ...at, event_type: 'dcs-sync', client_payload: payload });
    must(status === 204, `status ${status}`);
    const [seen] = await w.hand(`github/dispatches?repository=${SEED.github.repository}`);
    must(seen.event_type === 'dcs-sync' && seen.client_payload.config === 'prd', 'the workflow hears something else');
  });
}

async function issues(client, record) {
  await record.try('issues.create, get, update (close), addLabels', async () => {
    const { data } = await client.rest.issues.create({ ...at, title: 'prod drifted', body: 'One name.', labels: ['dcs'] });
    const one = { ...at, issue_number: data.number };
    const labels = (await client.rest.issues.addLabels({ ...one, labels: ['bug'] })).data;
    must(labels.length === 2 && labels.every(({ color }) => /^[0-9a-f]{6}$/i.test(color)), 'a label is missing');
    await client.rest.issues.update({ ...one, state: 'closed', state_reason: 'completed' });
    const closed = (await client.rest.issues.get(one)).data;
    must(closed.state === 'closed' && closed.closed_at !== null, 'it is not closed');
  });
  await record.try('paginate(issues.listForRepo): every page by its Link', async () => {
    for (let n = 0; n < 5; n++) await client.rest.issues.create({ ...at, title: `issue ${n}` });
    const all = await client.paginate(client.rest.issues.listForRepo, { ...at, state: 'all', per_page: 2 });
    must(all.length === 6 && new Set(all.map(({ number }) => number)).size === 6, `${all.length} issues of 6`);
  });
  await record.try('issues.createLabel, getLabel, listLabelsForRepo', async () => {
    await client.rest.issues.createLabel({ ...at, name: 'drift', color: 'ffcc00' });
    must((await client.rest.issues.getLabel({ ...at, name: 'drift' })).data.color === 'ffcc00', 'another colour');
    must((await client.rest.issues.listLabelsForRepo(at)).data.length === 3, 'the list lacks a label');
  });
}

async function comments(client, w, record) {
  await record.try('pulls.list, get; issues.createComment, listComments, updateComment', async () => {
    const { number } = await w.hand('github/pulls', { repository: SEED.github.repository, head: 'change' });
    must((await client.rest.pulls.list(at)).data[0].number === number, 'the list lacks the pull request');
    must((await client.rest.pulls.get({ ...at, pull_number: number })).data.head.ref === 'change', 'another head');
    const { data } = await client.rest.issues.createComment({ ...at, issue_number: number, body: 'a plan' });
    await client.rest.issues.updateComment({ ...at, comment_id: data.id, body: 'a newer plan' });
    const [comment] = (await client.rest.issues.listComments({ ...at, issue_number: number })).data;
    must(comment.body === 'a newer plan', 'the comment is another one');
  });
}

async function refusals({ client, as, w, record }) {
  await record.try('RequestError: 401, 403 of a token that reads only, 404, 422 with its fields', async () => {
    await refused(401, as('ghp_nobody').rest.repos.get(at));
    await refused(403, as(SEED.github.readToken).rest.issues.create({ ...at, title: 'no' }));
    await refused(404, client.rest.repos.get({ owner, repo: 'elsewhere' }));
    const { response } = await refused(422, client.rest.issues.create({ ...at, title: '' }));
    must(response.data.errors[0].field === 'title', 'the field is not named');
  });
  await record.try('a 502 with HTML', async () => {
    await w.hand('faults', { cloud: 'github', kind: 'html', status: 502 });
    await refused(502, client.rest.repos.get(at));
  });
}

/** As a step of a job asks for its identity; whoever gets the token checks it by the published keys. */
export async function actionsCore() {
  const record = new Record('@actions/core', await versionOf('@actions/core'));
  const w = await world();
  try {
    await record.try('getIDToken(audience), verified by jose against the published keys', async () => {
      const job = { repository: SEED.github.repository, environment: 'prod', permissions: { 'id-token': 'write' } };
      const { env } = await w.hand('github/runs', job);
      const step = "const core = await import('@actions/core'); process.stdout.write(await core.getIDToken('https://shop.example'));";
      const ran = await run(process.execPath, ['--input-type=module', '-e', step], { cwd: HERE, env: { ...w.env, ...env } });
      must(ran.code === 0, oneLine(ran.err));
      const keys = createRemoteJWKSet(new URL(`${w.env.GITHUB_API_URL}/_actions/.well-known/jwks`));
      const token = ran.out.split('\n').at(-1);
      const { payload } = await jwtVerify(token, keys, { issuer: SEED.github.issuer, audience: 'https://shop.example' });
      must(payload.sub === `repo:${SEED.github.repository}:environment:prod`, 'another subject');
    });
  } finally {
    await w.close();
  }
  return record;
}
