import { defineTarget, isDcsError, type Context, type Entry, type Identity, type Outcome, type Target, type Write } from 'dcs-sdk';
import { createApi, defaultEndpoint, NOT_DEPLOYED } from './api.ts';
import { schema, workerFields, type WorkerOptions } from './options.ts';
import { DEV_VARS } from './dev-vars.ts';
import { failed, skipped } from './outcomes.ts';
import { readTrail } from './trail.ts';
import { workerApi, type WorkerApi } from './worker-api.ts';

const WAITING = 'the newest version of the Worker is not deployed: dcs writes a new version on top of it and deploys nothing';

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
  return {
    async identify() {
      const [name, [newest], [current]] = await Promise.all([api.accountName(), api.versions(1, 1), api.deployments()]);
      const live = current?.versions ?? [];
      undeployed = newest !== undefined && !(live.length === 1 && live[0] === newest.id);
      const identity: Identity = {
        id: `${options.account_id}/${options.worker}`,
        title: `Worker ${options.worker}, account ${name ?? options.account_id}`,
      };
      return undeployed ? { ...identity, notes: [WAITING], effect: 'next-deploy' } : identity;
    },

    async list(since) {
      const [bindings, deployments] = await Promise.all([api.bindings(), api.deployments()]);
      return { entries: bindings.map(entry), trail: await readTrail(api, deployments, since) };
    },

    async write(changes) {
      if (signal.aborted) return skipped(changes);
      try {
        if (undeployed) return done(changes, await api.writeVersion(changes));
        await api.writeAndDeploy(changes);
        return done(changes);
      } catch (error) {
        if (undeployed || !isDcsError(error) || !NOT_DEPLOYED.has(Number(error.details.vendorCode))) return failed(changes, error);
      }
      undeployed = true;
      try {
        return done(changes, await api.writeVersion(changes));
      } catch (error) {
        return failed(changes, error);
      }
    },
  };
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
