import type { Call, Reply, Route } from '../server/cloud.ts';
import { isObject, objectBody, Refusal, refuse } from './envelope.ts';
import { DEFAULT_LIMIT, type Ground } from './gate.ts';
import { projectNamed } from './pages.ts';
import { type Account, type Token, type Worker, type World, hexId } from './state.ts';
import { addVersion, deploy, editSecrets, latest, live, workerNamed } from './worker-history.ts';

/** Whoever edits behind dcs's back. */
const STRANGER = { author: { email: 'stranger@sandbox.example', id: 'f'.repeat(32) }, source: 'dash' };

const text = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new Refusal(400, 1, `'${what}' is missing.`);
  return value;
};

function accountOf(world: World, id: unknown): Account {
  const account = world.accounts.get(text(id, 'account'));
  if (account === undefined) throw new Refusal(404, 1, 'The sandbox has no such account.');
  return account;
}

function guarded(method: string, path: string, run: (call: Call) => unknown): Route {
  const answer = (call: Call): Reply => {
    try {
      return { status: 200, body: run(call) };
    } catch (error) {
      if (error instanceof Refusal) return refuse(error);
      throw error;
    }
  };
  return { method, path: `/_sandbox/cloudflare/${path}`, answer };
}

function pagesValue(account: Account, query: URLSearchParams, name: string): string | undefined {
  const project = projectNamed(account, query.get('pages') ?? '');
  const environment = query.get('environment') === 'preview' ? 'preview' : 'production';
  if (query.get('live') !== '1') return project.configs[environment].vars.get(name)?.text;
  const running = project.deployments.findLast((deployment) => deployment.environment === environment && deployment.pollsLeft === 0);
  return running?.vars.get(name)?.text;
}

/** The value that stands at a place, or null: the one thing the vendor never tells. */
function peek(world: World, { query }: Call): unknown {
  const account = accountOf(world, query.get('account'));
  const name = text(query.get('name'), 'name');
  if (query.has('worker')) return { value: live(workerNamed(account, query.get('worker') ?? ''))?.bindings.get(name)?.text ?? null };
  if (query.has('pages')) return { value: pagesValue(account, query, name) ?? null };
  const store = account.stores.get(text(query.get('store'), 'worker, pages or store'));
  return { value: [...(store?.secrets.values() ?? [])].find((secret) => secret.name === name)?.value ?? null };
}

function onWorker(world: World, path: string, act: (worker: Worker, body: Record<string, unknown>) => unknown): Route {
  return guarded('POST', path, (call) => {
    const body = objectBody(call, 1);
    const worker = workerNamed(accountOf(world, body['account']), text(body['worker'], 'worker'));
    return act(worker, body);
  });
}

function handEdit(world: World, worker: Worker, body: Record<string, unknown>): unknown {
  const name = text(body['name'], 'name');
  const secret = body['value'] === null ? null : { type: 'secret_text', text: text(body['value'], 'value') };
  return { version: editSecrets(world, worker, new Map([[name, secret]]), STRANGER).id };
}

function deployVersion(world: World, worker: Worker, id: string, triggeredBy: string): unknown {
  deploy(world, worker, [{ version_id: id, percentage: 100 }], { ...STRANGER, triggeredBy });
  return { version: id };
}

/** Goes back to the named version, or to the one before the one that serves now. */
function rollback(world: World, worker: Worker, body: Record<string, unknown>): unknown {
  const now = worker.versions.findIndex((version) => version.id === live(worker)?.id);
  const target = typeof body['version'] === 'string' ? worker.versions.find(({ id }) => id === body['version']) : worker.versions[now - 1];
  if (target === undefined) throw new Refusal(400, 1, 'There is no version to go back to.');
  return deployVersion(world, worker, target.id, 'rollback');
}

function addToken(world: World, call: Call): unknown {
  const body = objectBody(call, 1);
  const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
  const token: Token = {
    id: hexId(),
    name: text(body['name'], 'name'),
    kind: body['kind'] === 'account' ? 'account' : 'user',
    status: body['status'] === 'disabled' || body['status'] === 'expired' ? body['status'] : 'active',
    author: { email: `${text(body['name'], 'name')}@sandbox.example`, id: hexId() },
    groups: list(body['groups']),
    accounts: list(body['accounts']),
  };
  world.tokens.set(text(body['value'], 'value'), token);
  return { id: token.id };
}

function setLimits({ limit }: Ground, call: Call): unknown {
  const body = isObject(call.body) ? call.body : {};
  const number = (value: unknown, fallback: number) => (typeof value === 'number' && value >= 0 ? value : fallback);
  limit.set(number(body['quota'], DEFAULT_LIMIT[0]), number(body['seconds'], DEFAULT_LIMIT[1]));
  return { quota: limit.quota, seconds: limit.seconds };
}

/** What no vendor offers and every test needs: looking at values, and strangers at work. */
export function backdoorRoutes(ground: Ground): Route[] {
  const { world } = ground;
  const upload = (worker: Worker, triggeredBy: string) =>
    addVersion(world, worker, new Map(latest(worker).bindings), { ...STRANGER, triggeredBy });
  return [
    guarded('GET', 'peek', (call) => peek(world, call)),
    onWorker(world, 'hand-edit', (worker, body) => handEdit(world, worker, body)),
    onWorker(world, 'deploy-code', (worker) => deployVersion(world, worker, upload(worker, 'upload').id, 'deployment')),
    onWorker(world, 'upload-version', (worker) => ({ version: upload(worker, 'version_upload').id })),
    onWorker(world, 'rollback', (worker, body) => rollback(world, worker, body)),
    guarded('POST', 'tokens', (call) => addToken(world, call)),
    guarded('POST', 'limits', (call) => setLimits(ground, call)),
  ];
}
