import {
  DcsError,
  defineTarget,
  isDcsError,
  type Context,
  type Entry,
  type Identity,
  type Outcome,
  type Target,
  type Write,
} from 'dcs-sdk';
import { createApi, defaultEndpoint, NOT_DEPLOYED } from './api.ts';
import { schema, workerFields, type WorkerOptions } from './options.ts';
import { DEV_VARS } from './dev-vars.ts';
import { failed, skipped } from './outcomes.ts';
import { readTrail } from './trail.ts';
import { workerApi, type Deployment, type Version, type WorkerApi } from './worker-api.ts';

const WAITING = 'the newest version of the Worker is not deployed: dcs writes a new version on top of it and deploys nothing';
const WAITS_NOW = 'Somebody uploaded a version meanwhile that is not deployed.';

export default defineTarget<WorkerOptions>({
  type: 'cloudflare',
  title: 'Cloudflare Worker',
  options: schema(workerFields),
  keys: Object.keys(workerFields),
  supports: { readable: false, ownership: false, atomic: true, trail: true },
  limits: {
    // https://developers.cloudflare.com/workers/platform/limits/ (128 on paid plans, 64 on free ones), last verified 2026-11-21.
    batch: 100,
    valueBytes: 5 * 1024,
    count: 128,
    // "A JavaScript variable name": Cloudflare's API schema workers_secret_name, last verified 2026-11-21.
    names: /^[A-Za-z_$][\w$]*$/,
  },
  credentials: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY', 'CLOUDFLARE_EMAIL'],
  effect: 'now',
  local: DEV_VARS,
  endpoint: (env) => env['CLOUDFLARE_API_BASE_URL'] ?? defaultEndpoint,
  place: ({ account_id, worker }) => `${account_id}/${worker}`,
  connect: (options, context) => connect(workerApi(createApi(context), options), options, context),
});

function connect(api: WorkerApi, options: WorkerOptions, { signal }: Context): Target {
  let undeployed = false;
  /** The waiting version whose names the last listing told. */
  let listed: string | undefined;

  /** Names that only the waiting version holds were not planned for: they are somebody's, and are looked at again. */
  const writeOnTop = async (changes: readonly Write[]): Promise<Outcome[]> => {
    try {
      const [newest] = await api.versions(1, 1);
      const held = newest === undefined || newest.id === listed ? [] : await api.bindings(newest.id);
      const met = new Set(held.map(({ name }) => name));
      const clash = ({ action, name }: Write): boolean => action === 'create' && met.has(name);
      if (changes.some(clash)) return changes.map((change) => ({ name: change.name, result: clash(change) ? 'conflict' : 'skipped' }));
      return done(changes, await api.writeVersion(changes));
    } catch (error) {
      return failed(changes, error);
    }
  };

  return {
    async identify() {
      const [name, newest, deployments] = await Promise.all([api.accountName(), api.versions(1, 1), api.deployments()]);
      undeployed = waiting(newest, deployments) !== undefined;
      const identity: Identity = {
        id: `${options.account_id}/${options.worker}`,
        title: `Worker ${options.worker}, account ${name ?? options.account_id}`,
      };
      return undeployed ? { ...identity, notes: [WAITING], effect: 'next-deploy' } : identity;
    },

    async list(since) {
      const [deployed, deployments] = await Promise.all([api.bindings(), api.deployments()]);
      const { trail, versions } = await readTrail(api, deployments, since, undeployed);
      const newest = waiting(versions, deployments);
      undeployed = newest !== undefined;
      listed = newest?.id;
      // What dcs wrote waits in the newest version, and the next write builds on it.
      const bindings = newest === undefined ? deployed : await api.bindings(newest.id);
      return { entries: bindings.map(entry), trail };
    },

    // Versions keep their secrets: https://developers.cloudflare.com/workers/configuration/versions-and-deployments/rollbacks/
    // (last verified 2026-11-21).
    rollback: (version) => `npx wrangler rollback ${version} --name ${options.worker}`,

    async write(changes) {
      if (signal.aborted) return skipped(changes);
      try {
        if (undeployed) return await writeOnTop(changes);
        await api.writeAndDeploy(changes);
        return done(changes);
      } catch (error) {
        if (!isDcsError(error) || !NOT_DEPLOYED.has(Number(error.details.vendorCode))) return failed(changes, error);
      }
      // Planned was to be live at once. Nothing was written; the plan that is true now is shown first.
      undeployed = true;
      return changes.map(({ name }) => ({ name, result: 'conflict', error: new DcsError('CONFLICT', WAITS_NOW) }));
    },
  };
}

/** The newest version, unless it is the one that serves every request. */
function waiting([newest]: readonly Version[], [current]: readonly Deployment[]): Version | undefined {
  const live = current?.versions ?? [];
  return live.length === 1 && live[0] === newest?.id ? undefined : newest;
}

function entry({ name, type }: { name: string; type: string }): Entry {
  if (type === 'secret_text') return { name };
  if (type === 'secret_key') return { name, locked: 'a key of the Worker bears this name' };
  const kind = type === 'plain_text' || type === 'json' ? 'a plain variable' : `a ${type} binding`;
  return { name, locked: `${kind} of the Worker bears this name` };
}

function done(changes: readonly Write[], revision?: string): Outcome[] {
  return changes.map(({ name }) => ({ name, result: 'done', ...(revision === undefined ? {} : { revision }) }));
}
