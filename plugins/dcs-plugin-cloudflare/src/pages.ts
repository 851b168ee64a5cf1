import { setTimeout as sleep } from 'node:timers/promises';
import { DcsError, defineTarget, path, type Entry, type Target, type Write } from 'dcs-sdk';
import { asRecord, asRecords, asText, createApi, defaultEndpoint, type Api } from './api.ts';
import { pagesFields, schema, type PagesOptions } from './options.ts';
import { DEV_VARS } from './dev-vars.ts';
import { failed, skipped } from './outcomes.ts';

const BUILD_LIMIT = 15 * 60_000;
const FIRST_POLL = 500;
const SLOWEST_POLL = 5000;

export default defineTarget<PagesOptions>({
  type: 'cloudflare-pages',
  title: 'Cloudflare Pages project',
  options: schema(pagesFields),
  keys: Object.keys(pagesFields),
  supports: { readable: false, ownership: false, atomic: true, trail: false },
  // https://developers.cloudflare.com/pages/platform/limits/ and the Worker that a project becomes, last verified 2026-11-21.
  limits: { batch: 100, valueBytes: 5 * 1024, names: /^[A-Za-z_$][\w$]*$/ },
  credentials: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY', 'CLOUDFLARE_EMAIL'],
  effect: 'next-deploy',
  local: DEV_VARS,
  // https://docs.doppler.com/docs/cloudflare-pages; Workers have none (last verified 2026-11-21).
  nativeSyncs: ['cloudflare_pages'],
  endpoint: (env) => env['CLOUDFLARE_API_BASE_URL'] ?? defaultEndpoint,
  place: ({ account_id, project, pages_environment = 'production' }) => `${account_id}/${project}/${pages_environment}`,
  connect: (options, context) => connect(createApi(context), options, context.signal),
});

function connect(
  api: Api,
  { account_id, project, pages_environment: environment = 'production' }: PagesOptions,
  signal: AbortSignal,
): Target {
  const subject = `Pages project '${project}' in account '${account_id}'`;
  const at = path`/accounts/${account_id}/pages/projects/${project}`;
  const read = async (): Promise<Project> => parse((await api({ method: 'GET', path: at, subject })).result, environment, subject);
  let hash: string | undefined;

  return {
    async identify() {
      await read();
      return { id: `${account_id}/${project}/${environment}`, title: `Pages project ${project} (${environment}), account ${account_id}` };
    },

    async list() {
      const found = await read();
      ({ hash } = found);
      return { entries: found.entries, incarnation: found.id };
    },

    async write(changes) {
      if (signal.aborted) return skipped(changes);
      const config = { env_vars: patch(changes), ...(hash === undefined ? {} : { wrangler_config_hash: hash }) };
      const body = { deployment_configs: { [environment]: config } };
      try {
        await api({ method: 'PATCH', path: at, body, subject, idempotent: false });
      } catch (error) {
        return failed(changes, error);
      }
      return changes.map(({ name }) => ({ name, result: 'done' }));
    },

    async redeploy() {
      const deployments = `${at}/deployments`;
      const { result } = await api({ method: 'GET', path: deployments, query: { env: environment, page: 1, per_page: 1 }, subject });
      const [latest] = asRecords(result, subject);
      if (latest === undefined)
        throw new DcsError('TARGET', `${subject} has no ${environment} deployment to repeat.`, { hint: 'wrangler pages deploy' });
      const retry = `${deployments}/${encodeURIComponent(asText(latest['id'], subject))}/retry`;
      const made = asRecord((await api({ method: 'POST', path: retry, subject })).result, subject);
      const id = asText(made['id'], subject);
      await deployed(api, `${deployments}/${encodeURIComponent(id)}`, subject, signal);
      return { title: `Pages deployment ${id.slice(0, 8)}` };
    },
  };
}

interface Project {
  readonly id: string;
  readonly entries: readonly Entry[];
  /** Sent back on a write, or Cloudflare forgets which wrangler file the project follows. */
  readonly hash: string | undefined;
}

function parse(result: unknown, environment: string, subject: string): Project {
  const project = asRecord(result, subject);
  const config = asRecord(asRecord(project['deployment_configs'], subject)[environment], subject);
  const hash = config['wrangler_config_hash'];
  // A project without variables has null here.
  const variables = asRecord(config['env_vars'] ?? {}, subject);
  const entries = Object.entries(variables).map(([name, variable]): Entry => {
    const { type } = asRecord(variable, subject);
    return type === 'secret_text' ? { name } : { name, locked: 'a plain variable of the project bears this name' };
  });
  return { id: asText(project['id'], subject), entries, hash: typeof hash === 'string' ? hash : undefined };
}

function patch(changes: readonly Write[]): Record<string, unknown> {
  return Object.fromEntries(
    changes.map((change) => [change.name, change.action === 'delete' ? null : { type: 'secret_text', value: change.secret.reveal() }]),
  );
}

async function deployed(api: Api, at: string, subject: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + BUILD_LIMIT;
  for (let wait = FIRST_POLL; Date.now() < until; wait = Math.min(wait * 2, SLOWEST_POLL)) {
    const deployment = asRecord((await api({ method: 'GET', path: at, subject })).result, subject);
    const { name, status } = asRecord(deployment['latest_stage'], subject);
    if (name === 'deploy' && status === 'success') return;
    if (status === 'failure' || status === 'canceled')
      throw new DcsError('TARGET', `The new deployment of ${subject} failed.`, {
        why: 'The secrets are written; the former deployment still runs with the old ones.',
        hint: 'wrangler pages deployment list',
      });
    await sleep(wait, undefined, { signal });
  }
  throw new DcsError('NETWORK', `The new deployment of ${subject} was not done within 15 minutes.`, {
    why: 'The secrets are written; the deployment may still succeed.',
    hint: 'wrangler pages deployment list',
  });
}
