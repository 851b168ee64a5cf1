import { createHash } from 'node:crypto';
import type { Reply, Route } from '../server/cloud.ts';
import { commit } from './commit.ts';
import { configOf, type Ground, isObject, mayWrite, ok, Refusal, type Signed, signed } from './gate.ts';
import { effective, everything, MANAGED, resolve, view } from './resolve.ts';
import { type Config, now, type Stored } from './state.ts';
import { applyChange, merge } from './write.ts';

const BASE = '/v3/configs/config/secret';

/** Managed names are there whatever the filter says, except where the caller leaves them out. */
function chosen({ world, call }: Signed, config: Config): Map<string, Stored> {
  const filter = call.query.get('secrets')?.split(',').filter(Boolean);
  const without = call.query.get('include_managed_secrets') === 'false' && !call.path.endsWith('/download');
  const all = without ? effective(world, config) : everything(world, config);
  const kept = [...all].filter(([name]) => filter === undefined || filter.includes(name) || (MANAGED as readonly string[]).includes(name));
  return new Map(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Strong, over what is sent: it moves with every change that the reader could see, in referenced configs too. */
function tagged({ call }: Signed, config: Config, reply: Reply): Reply {
  const hash = createHash('sha256').update(`${config.project}/${config.name}\n`);
  const etag = `"${hash.update(reply.text ?? JSON.stringify(reply.body)).digest('hex')}"`;
  const known = (call.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  config.fetched = now();
  if (known.includes(etag)) return { status: 304, headers: { etag } };
  return { ...reply, headers: { ...reply.headers, etag } };
}

function listing(call: Signed, config: Config): Reply {
  const { world, token } = call;
  const secrets = [...chosen(call, config)].map(([name, stored]) => [name, view(world, config, token, name, stored)]);
  return ok({ secrets: Object.fromEntries(secrets) });
}

function list(call: Signed): Reply {
  const config = configOf(call);
  return tagged(call, config, listing(call, config));
}

function get(call: Signed): Reply {
  const { world, token } = call;
  const config = configOf(call);
  const name = call.field('name') ?? '';
  const stored = everything(world, config).get(name);
  const shape = view(world, config, token, name, stored ?? { value: '', visibility: 'masked', type: 'string' });
  const value = stored === undefined ? Object.fromEntries(Object.keys(shape).map((key) => [key, null])) : shape;
  return ok({ name, value });
}

function values(call: Signed, config: Config): [string, string | null][] {
  const { world, token } = call;
  return [...chosen(call, config)].map(([name, stored]) => {
    const { computed } = view(world, config, token, name, stored);
    return [name, computed === null ? null : resolve(world, config, name, stored.value).value];
  });
}

const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

function download(call: Signed): Reply {
  const config = configOf(call);
  const format = call.call.query.get('format') ?? 'json';
  const pairs = values(call, config);
  if (format === 'json') return tagged(call, config, { status: 200, body: Object.fromEntries(pairs) });
  if (format !== 'env') throw new Refusal(400, 'The sandbox downloads format json or env.');
  const text = pairs.flatMap(([name, value]) => (value === null ? [] : [`${name}=${quoted(value)}`])).join('\n');
  return tagged(call, config, { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, text });
}

function update(call: Signed): Reply {
  const config = configOf(call);
  mayWrite(call);
  const body = call.call.body;
  if (!isObject(body)) throw new Refusal(400, 'Please provide secrets or change_requests.');
  const { secrets, change_requests: changes } = body;
  if ((secrets === undefined) === (changes === undefined)) throw new Refusal(400, 'Please provide either secrets or change_requests.');
  if (secrets !== undefined && !isObject(secrets)) throw new Refusal(400, 'Please provide a valid secrets object.');
  if (changes !== undefined && !Array.isArray(changes)) throw new Refusal(400, 'Please provide valid change_requests.');
  commit(call, config, (shown, own, root) => {
    if (isObject(secrets)) merge(shown, own, secrets);
    if (Array.isArray(changes)) for (const change of changes) applyChange(shown, own, root, change);
  });
  return listing(call, config);
}

function remove(call: Signed): Reply {
  const config = configOf(call);
  mayWrite(call);
  const name = call.field('name') ?? '';
  if (!effective(call.world, config).has(name)) throw new Refusal(404, `Could not find requested secret '${name}'`);
  commit(call, config, (shown, own) => merge(shown, own, { [name]: null }));
  return { status: 204 };
}

function note(call: Signed): Reply {
  const project = call.world.projects.get(configOrProject(call));
  const secret = call.field('secret') ?? '';
  const text = call.field('note') ?? '';
  mayWrite(call);
  project?.notes.set(secret, text);
  return ok({ secret, note: text });
}

function configOrProject(call: Signed): string {
  if (call.token.kind === 'st' || call.field('config') !== undefined) return configOf(call).project;
  const name = call.field('project') ?? '';
  if (!call.world.projects.has(name)) throw new Refusal(404, `Could not find requested project '${name}'`);
  return name;
}

export function secretRoutes(ground: Ground): Route[] {
  return [
    signed(ground, 'GET', `${BASE}s`, 'secretReads', list),
    signed(ground, 'GET', BASE, 'secretReads', get),
    signed(ground, 'GET', `${BASE}s/names`, 'secretReads', (call) => ok({ names: [...chosen(call, configOf(call)).keys()] })),
    signed(ground, 'GET', `${BASE}s/download`, 'secretReads', download),
    signed(ground, 'POST', `${BASE}s`, 'writes', update),
    signed(ground, 'DELETE', BASE, 'writes', remove),
    signed(ground, 'POST', '/v3/projects/project/note', 'writes', note),
    signed(ground, 'POST', `${BASE}s/note`, 'writes', note),
  ];
}
