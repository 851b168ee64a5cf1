import type { Call, Route } from '../server/cloud.ts';
import { isObject, type Json, objectBody, paged, Refusal, type Success } from './envelope.ts';
import { type Ground, product, type SignedToAccount } from './gate.ts';
import type { Binding, Deployment, Version, Worker } from './state.ts';
import { addVersion, deploy, isSecret, latest, newWorker, versionById, withSecrets, workerNamed } from './worker-history.ts';
import { changesFrom, scriptOf, shown, who } from './workers.ts';

const READ = 'Workers Scripts Read';
const WRITE = 'Workers Scripts Write';
const MOST_DEPLOYMENTS = 10;

const short = (version: Version): Json => ({
  id: version.id,
  number: version.number,
  metadata: {
    created_on: version.created,
    modified_on: version.created,
    source: version.source,
    author_id: version.author.id,
    author_email: version.author.email,
    hasPreview: false,
  },
  annotations: version.annotations,
});

const full = (version: Version): Json => ({
  ...short(version),
  resources: {
    bindings: [...version.bindings].map(shown),
    script: { etag: version.id.replaceAll('-', ''), handlers: ['fetch'], last_deployed_from: version.source },
    script_runtime: { usage_model: 'standard', compatibility_date: '2026-11-01', compatibility_flags: [] },
  },
});

const deploymentView = (deployment: Deployment): Json => ({
  id: deployment.id,
  created_on: deployment.created,
  source: deployment.source,
  strategy: 'percentage',
  author_email: deployment.author.email,
  versions: deployment.versions,
  annotations: deployment.annotations,
});

const words = (sent: unknown): Record<string, string> => {
  const known = isObject(sent) ? sent : {};
  return Object.fromEntries(
    ['workers/message', 'workers/tag'].flatMap((key) => (typeof known[key] === 'string' ? [[key, known[key]]] : [])),
  );
};

/** The `metadata` part of a script upload; a bare script has none. */
async function metadataOf(call: Call): Promise<Json> {
  const type = call.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) return {};
  const form = await new Response(new Uint8Array(call.raw), { headers: { 'content-type': type } }).formData();
  const part = form.get('metadata');
  if (part === null) throw new Refusal(400, 10021, 'The upload has no metadata part.');
  const metadata: unknown = JSON.parse(typeof part === 'string' ? part : await part.text());
  if (!isObject(metadata)) throw new Refusal(400, 10021, 'The metadata part is not an object.');
  return metadata;
}

function uploaded(sent: unknown): Map<string, Binding> {
  const bindings = new Map<string, Binding>();
  for (const binding of Array.isArray(sent) ? sent : []) {
    if (!isObject(binding) || typeof binding['name'] !== 'string' || typeof binding['type'] !== 'string')
      throw new Refusal(400, 10021, 'A binding is not valid.');
    const { name, type, text } = binding;
    bindings.set(name, { type, text: typeof text === 'string' ? text : JSON.stringify(binding) });
  }
  return bindings;
}

/** What an upload binds: its own list, and of the version before it the secrets (always), the inherited and the kept kinds. */
function bindingsFor(before: ReadonlyMap<string, Binding>, metadata: Json): Map<string, Binding> {
  const own = uploaded(metadata['bindings']);
  const kept = Array.isArray(metadata['keep_bindings']) ? metadata['keep_bindings'] : [];
  const carried = [...before].filter(([, binding]) => isSecret(binding) || kept.includes(binding.type));
  const after = new Map(carried);
  for (const [name, binding] of own) {
    const source = binding.type === 'inherit' ? before.get(name) : binding;
    if (source === undefined) throw new Refusal(400, 10057, `The inherit binding '${name}' has nothing to inherit from.`);
    after.set(name, source);
  }
  return after;
}

async function putScript(signed: SignedToAccount): Promise<Success> {
  const name = signed.call.params['script'] ?? '';
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) throw new Refusal(400, 10016, 'The Worker name is not valid.');
  const metadata = await metadataOf(signed.call);
  const known = signed.account.workers.get(name);
  const bindings = bindingsFor(known?.versions.at(-1)?.bindings ?? new Map(), metadata);
  const worker = known ?? newWorker(signed.world, signed.account, name);
  const annotations = words(metadata['annotations']);
  const version = addVersion(signed.world, worker, bindings, { ...who(signed), triggeredBy: 'upload', annotations });
  deploy(signed.world, worker, [{ version_id: version.id, percentage: 100 }], { ...who(signed), triggeredBy: 'deployment', annotations });
  const { tag, created, modified } = worker;
  return {
    result: {
      id: name,
      tag,
      etag: version.id.replaceAll('-', ''),
      deployment_id: version.id,
      handlers: ['fetch'],
      created_on: created,
      modified_on: modified,
      startup_time_ms: 1,
    },
  };
}

async function postVersion(signed: SignedToAccount): Promise<Success> {
  const worker = scriptOf(signed);
  const metadata = await metadataOf(signed.call);
  const bindings = bindingsFor(latest(worker).bindings, metadata);
  return {
    result: full(
      addVersion(signed.world, worker, bindings, {
        ...who(signed),
        triggeredBy: 'version_upload',
        annotations: words(metadata['annotations']),
      }),
    ),
  };
}

function listVersions(signed: SignedToAccount): Success {
  const { items, info } = paged(signed.call, scriptOf(signed).versions.toReversed().map(short), { fallback: 10, most: 100 });
  return { result: { items }, info };
}

/** Takes the script's name or its tag. */
function workerByAny({ account, call }: SignedToAccount): Worker {
  const asked = call.params['worker'] ?? '';
  const tagged = [...account.workers.values()].find((worker) => worker.tag === asked);
  return tagged ?? workerNamed(account, asked);
}

/** The Worker itself; no script here is on workers.dev. */
function oneWorker(signed: SignedToAccount): Success {
  const { name, tag, created } = workerByAny(signed);
  return { result: { id: tag, name, created_on: created, subdomain: { enabled: false, previews_enabled: false }, tags: [] } };
}

/** A new version that is not deployed. */
function patchLatest(signed: SignedToAccount): Success {
  const worker = workerByAny(signed);
  const body = objectBody(signed.call, 10021);
  const before = latest(worker).bindings;
  const bindings = body['env'] === undefined ? new Map(before) : withSecrets(before, changesFrom(body['env'] ?? {}));
  const version = addVersion(signed.world, worker, bindings, {
    ...who(signed),
    triggeredBy: 'secret',
    annotations: words(body['annotations']),
  });
  return { result: { id: version.id } };
}

function share(worker: Worker, sent: unknown): Deployment['versions'][number] {
  if (!isObject(sent) || typeof sent['version_id'] !== 'string' || typeof sent['percentage'] !== 'number')
    throw new Refusal(400, 10021, 'A deployment names versions and percentages.');
  return { version_id: versionById(worker, sent['version_id']).id, percentage: sent['percentage'] };
}

function postDeployment(signed: SignedToAccount): Success {
  const worker = scriptOf(signed);
  const body = objectBody(signed.call, 10021);
  const versions = (Array.isArray(body['versions']) ? body['versions'] : []).map((sent) => share(worker, sent));
  const total = versions.reduce((sum, { percentage }) => sum + percentage, 0);
  if (body['strategy'] !== 'percentage' || versions.length < 1 || versions.length > 2 || total !== 100) {
    throw new Refusal(400, 10021, 'A deployment splits 100 percent between one or two versions.');
  }
  return {
    result: deploymentView(
      deploy(signed.world, worker, versions, { ...who(signed), triggeredBy: 'deployment', annotations: words(body['annotations']) }),
    ),
  };
}

function listDeployments(signed: SignedToAccount): Success {
  return { result: { deployments: scriptOf(signed).deployments.toReversed().slice(0, MOST_DEPLOYMENTS).map(deploymentView) } };
}

/** Uploads, versions and deployments. https://developers.cloudflare.com/workers/configuration/versions-and-deployments/, last verified 2026-11-21. */
export function versionRoutes(ground: Ground): Route[] {
  const script = '/workers/scripts/:script';
  return [
    product(ground, 'PUT', script, WRITE, putScript),
    product(ground, 'GET', `${script}/versions`, READ, listVersions),
    product(ground, 'POST', `${script}/versions`, WRITE, postVersion),
    product(ground, 'GET', `${script}/versions/:version`, READ, (signed) => ({
      result: full(versionById(scriptOf(signed), signed.call.params['version'] ?? '')),
    })),
    product(ground, 'GET', '/workers/workers/:worker', READ, oneWorker),
    product(ground, 'PATCH', '/workers/workers/:worker/versions/latest', WRITE, patchLatest),
    product(ground, 'GET', `${script}/deployments`, READ, listDeployments),
    product(ground, 'POST', `${script}/deployments`, WRITE, postDeployment),
  ];
}
