import { randomUUID } from 'node:crypto';
import { Refusal } from './envelope.ts';
import { type Account, type Author, type Binding, type Deployment, type Version, type Worker, type World, hexId, tick } from './state.ts';

/** Who makes a version, from where, and what the history says about it. */
export interface Origin {
  author: Author;
  source: string;
  triggeredBy: string;
  annotations?: Record<string, string>;
}

export type SecretChanges = ReadonlyMap<string, Binding | null>;

// https://developers.cloudflare.com/workers/platform/limits/, last verified 2026-11-21: 128 variables and secrets on a paid plan, 5 KB each.
const MOST_VARIABLES = 128;
const MOST_BYTES = 5 * 1024;

export const isSecret = (binding: Binding): boolean => binding.type === 'secret_text' || binding.type === 'secret_key';

const counts = (binding: Binding): boolean => isSecret(binding) || binding.type === 'plain_text' || binding.type === 'json';

export function workerNamed(account: Account, name: string): Worker {
  const worker = account.workers.get(name);
  if (worker === undefined) throw new Refusal(404, 10007, 'This Worker does not exist on your account.');
  return worker;
}

export function newWorker(world: World, account: Account, name: string): Worker {
  const created = tick(world);
  const worker: Worker = { name, tag: hexId(), created, modified: created, versions: [], deployments: [] };
  account.workers.set(name, worker);
  return worker;
}

export function latest(worker: Worker): Version {
  const version = worker.versions.at(-1);
  if (version === undefined) throw new Refusal(400, 10222, 'This Worker has no versions.');
  return version;
}

export function versionById(worker: Worker, id: string): Version {
  const version = worker.versions.find((candidate) => candidate.id === id);
  if (version === undefined) throw new Refusal(404, 10222, 'The requested version could not be found.');
  return version;
}

/** The version that answers most requests now. */
export function live(worker: Worker): Version | undefined {
  const shares = worker.deployments.at(-1)?.versions ?? [];
  const [largest] = shares.toSorted((a, b) => b.percentage - a.percentage);
  return largest === undefined ? undefined : versionById(worker, largest.version_id);
}

export function addVersion(world: World, worker: Worker, bindings: Map<string, Binding>, origin: Origin): Version {
  if ([...bindings.values()].filter(counts).length > MOST_VARIABLES) {
    throw new Refusal(400, 10055, `You have exceeded the limit of ${MOST_VARIABLES} environment variables for this Worker.`);
  }
  const version: Version = {
    id: randomUUID(),
    number: (worker.versions.at(-1)?.number ?? 0) + 1,
    created: tick(world),
    author: origin.author,
    source: origin.source,
    annotations: { ...origin.annotations, 'workers/triggered_by': origin.triggeredBy },
    bindings,
  };
  worker.versions.push(version);
  worker.modified = version.created;
  return version;
}

export function deploy(world: World, worker: Worker, versions: Deployment['versions'], origin: Origin): Deployment {
  const deployment: Deployment = {
    id: randomUUID(),
    created: tick(world),
    source: origin.source,
    author: origin.author,
    annotations: { ...origin.annotations, 'workers/triggered_by': origin.triggeredBy },
    versions,
  };
  worker.deployments.push(deployment);
  return deployment;
}

/** The bindings after the changes. Throws before anything changed, so a batch is applied as a whole or not at all. */
export function withSecrets(before: ReadonlyMap<string, Binding>, changes: SecretChanges): Map<string, Binding> {
  const after = new Map(before);
  for (const [name, secret] of changes) {
    const present = before.get(name);
    if (secret === null) {
      if (present === undefined || !isSecret(present))
        throw new Refusal(404, 10056, `Binding '${name}' not found. Please use a different name and try again.`);
      after.delete(name);
      continue;
    }
    if (present !== undefined && !isSecret(present)) {
      throw new Refusal(400, 10053, `Binding name '${name}' already in use. Please use a different name and try again.`);
    }
    if (Buffer.byteLength(secret.text) > MOST_BYTES) throw new Refusal(400, 10054, `The value of '${name}' is larger than 5 KB.`);
    after.set(name, secret);
  }
  return after;
}

/** A secret edit is refused while the newest version is not the one that serves everything: it would deploy that version too. */
function refuseUndeployed(worker: Worker, newest: Version): void {
  const shares = worker.deployments.at(-1)?.versions ?? [];
  const share = shares.find((candidate) => candidate.version_id === newest.id);
  if (share === undefined) {
    throw new Refusal(400, 10215, 'Secret edit failed. The latest version of the Worker is not currently deployed.');
  }
  if (share.percentage < 100) {
    throw new Refusal(400, 10214, 'Secret edit failed. The latest version of the Worker is not fully deployed.');
  }
}

/** One new version, deployed at once, for any number of changes. */
export function editSecrets(world: World, worker: Worker, changes: SecretChanges, by: { author: Author; source: string }): Version {
  const newest = latest(worker);
  refuseUndeployed(worker, newest);
  const bindings = withSecrets(newest.bindings, changes);
  const origin = { ...by, triggeredBy: 'secret' };
  const version = addVersion(world, worker, bindings, origin);
  deploy(world, worker, [{ version_id: version.id, percentage: 100 }], origin);
  return version;
}
