import type { Revision } from 'dcs-sdk';
import type { Deployment, Version, WorkerApi } from './worker-api.ts';

const PAGE = 100;
const PAGES = 3;

// Values of workers/triggered_by: wrangler 4.164.0 and https://developers.cloudflare.com/api/, last verified 2026-11-21.
const CODE = new Set(['upload', 'version_upload']);
const ALWAYS_TOUCHES = new Set(['secret', 'rollback']);

/**
 * What happened to a Worker, newest first. The deployments are enough as long as dcs knows the newest ones or they are plain
 * uploads, and no version is known to wait for its deployment (`waits`); else the list of versions tells what they hold, and is
 * given along.
 */
export async function readTrail(
  api: WorkerApi,
  deployments: readonly Deployment[],
  since: ReadonlySet<string>,
  waits: boolean,
): Promise<{ readonly trail: Revision[]; readonly versions: readonly Version[] }> {
  const deployed = new Set(deployments.flatMap((deployment) => deployment.versions));
  const missing = [...since].filter((id) => !deployed.has(id));
  const versions = waits || missing.length > 0 || unclear(deployments, since) ? await readVersions(api, missing, deployed) : [];
  return { trail: merge(deployments, versions, deployed), versions };
}

/** A new deployment that only says it deployed some version: what that version changed stands with the version. */
function unclear(deployments: readonly Deployment[], since: ReadonlySet<string>): boolean {
  if (since.size === 0) return false;
  for (const { versions, cause } of deployments) {
    if (versions.some((id) => since.has(id))) return false;
    if (cause === undefined || !(CODE.has(cause) || ALWAYS_TOUCHES.has(cause))) return true;
  }
  return false;
}

async function readVersions(api: WorkerApi, missing: readonly string[], deployed: ReadonlySet<string>): Promise<Version[]> {
  const all: Version[] = [];
  for (let page = 1; page <= PAGES; page += 1) {
    const items = await api.versions(page, PAGE);
    all.push(...items);
    const found = new Set(all.map((version) => version.id));
    const complete = missing.every((id) => found.has(id)) && [...deployed].every((id) => found.has(id));
    if (complete || items.length < PAGE) break;
  }
  return all;
}

function merge(deployments: readonly Deployment[], versions: readonly Version[], deployed: ReadonlySet<string>): Revision[] {
  const causes = new Map(versions.map((version) => [version.id, version.cause]));
  const waiting = versions.filter((version) => !deployed.has(version.id));
  const trail: Revision[] = [];
  const takeWaiting = (newerThan: string): void => {
    while (waiting[0] !== undefined && waiting[0].created > newerThan) {
      const { id, cause } = waiting.shift() as Version;
      trail.push({ id, touches: !isCode(cause) });
    }
  };
  for (const [index, deployment] of deployments.entries()) {
    takeWaiting(deployment.created);
    const older = new Set(deployments.slice(index + 1).flatMap((other) => other.versions));
    const touches = touchedBy(deployment, older, causes);
    trail.push(...deployment.versions.map((id) => ({ id, touches })));
  }
  // Older than the oldest listed deployment: what was deployed since cannot be known, unless nothing ever was.
  if (deployments.length === 0) takeWaiting('');
  return trail;
}

const isCode = (cause: string | undefined): boolean => cause !== undefined && CODE.has(cause);

function touchedBy({ versions, cause }: Deployment, older: ReadonlySet<string>, causes: ReadonlyMap<string, string | undefined>): boolean {
  const [only, ...others] = versions;
  if (only === undefined || others.length > 0 || older.has(only)) return true;
  if (cause !== undefined && ALWAYS_TOUCHES.has(cause)) return true;
  return !(isCode(cause) || isCode(causes.get(only)));
}
