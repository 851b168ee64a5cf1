import type { Reply, Route } from '../server/cloud.ts';
import { commit } from './commit.ts';
import { configOf, type Ground, mayWrite, notServiceToken, ok, paged, Refusal, type Signed, signed } from './gate.ts';
import type { Activity, Config, Log } from './state.ts';

const shown = (config: Config, log: Log) => ({
  id: log.id,
  text: log.text,
  html: log.text,
  created_at: log.created,
  config: config.name,
  environment: config.environment,
  project: config.project,
  user: { email: log.user, name: 'You' },
  rollback: log.rollback,
});

function logOf(call: Signed, config: Config): Log {
  const log = config.logs.find(({ id }) => id === call.field('log'));
  if (log === undefined) throw new Refusal(404, 'Could not find requested log');
  return log;
}

function list(call: Signed): Reply {
  const config = configOf(call);
  const { page, items } = paged(call.call, config.logs);
  return ok({ page, logs: items.map((log) => shown(config, log)) });
}

function get(call: Signed): Reply {
  const config = configOf(call);
  const log = logOf(call, config);
  return ok({ log: { ...shown(config, log), diff: log.diff } });
}

function rollback(call: Signed): Reply {
  mayWrite(call);
  const config = configOf(call);
  const undone = logOf(call, config);
  const entry = commit(
    call,
    config,
    (shownSecrets, own) => {
      for (const { name, removed } of undone.diff) {
        if (removed === null) own.delete(name);
        else own.set(name, { visibility: 'masked', type: 'string', ...shownSecrets.get(name), value: removed });
      }
    },
    true,
  );
  if (entry === undefined) throw new Error('a rollback always leaves a log');
  return ok({ log: { ...shown(config, entry), diff: entry.diff } });
}

const activity = (entry: Activity) => ({
  id: entry.id,
  text: entry.text,
  html: entry.text,
  created_at: entry.created,
  enclave_project: entry.project,
  enclave_config: entry.config,
});

function listActivity(call: Signed): Reply {
  notServiceToken(call);
  const { page, items } = paged(call.call, call.world.activity);
  return ok({ page, logs: items.map(activity) });
}

export function logRoutes(ground: Ground): Route[] {
  const base = '/v3/configs/config/logs';
  return [
    signed(ground, 'GET', base, 'reads', list),
    signed(ground, 'GET', `${base}/log`, 'reads', get),
    signed(ground, 'POST', `${base}/log/rollback`, 'writes', rollback),
    signed(ground, 'GET', '/v3/logs', 'reads', listActivity),
  ];
}
