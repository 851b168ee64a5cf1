import { path, type Host } from 'dcs-sdk';
import type { Google } from './api.ts';
import { accessOf } from './access.ts';
import { keptByDcs } from './marks.ts';
import { finished } from './operations.ts';
import { secretsApi, type Place } from './secrets-api.ts';

export interface Provisioned {
  readonly linked: boolean;
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
  readonly granted: readonly { readonly secret: string; readonly member: string }[];
}

const API = (name: string): string => `${name}.googleapis.com`;

/** Enables what is not enabled yet, once agreed; says what is left. */
export async function enableApis(
  google: Google,
  host: Host,
  project: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Pick<Provisioned, 'enabled' | 'disabled'>> {
  const api = google('serviceusage');
  const subject = `the APIs of project '${project}'`;
  const at = `/v1${path`/projects/${project}`}/services`;
  const states = await Promise.all(
    names.map(async (name) => ({ name, state: (await api({ method: 'GET', path: `${at}/${API(name)}`, subject }))['state'] })),
  );
  const missing = states.filter(({ state }) => state !== 'ENABLED').map(({ name }) => API(name));
  if (missing.length === 0) return { enabled: [], disabled: [] };
  if (!(await host.confirm(`Enable ${missing.join(', ')} in project ${project}?`, '--yes'))) return { enabled: [], disabled: missing };
  // An API that is enabled already stays so: repeating it is harmless.
  const started = await api({ method: 'POST', path: `${at}:batchEnable`, body: { serviceIds: missing }, subject, idempotent: true });
  await finished(started, { api, below: '/v1/', subject, signal });
  return { enabled: missing, disabled: [] };
}

/** Lets members read what dcs keeps in the project, secret by secret, once agreed. */
export async function grantAccess(google: Google, host: Host, place: Place, members: readonly string[]): Promise<Provisioned['granted']> {
  if (members.length === 0) return [];
  const secrets = (await secretsApi(google, place).all()).filter(keptByDcs);
  const question = `Let ${members.join(', ')} read ${secrets.length} secrets of project ${place.project_id}?`;
  if (secrets.length === 0 || !(await host.confirm(question, '--yes'))) return [];
  const access = accessOf(google, place);
  const granted: Provisioned['granted'][number][] = [];
  for (const { id } of secrets) if (await access.grant(members, id)) granted.push(...members.map((member) => ({ secret: id, member })));
  return granted;
}

const PERMISSIONS = [
  'secrets.create',
  'secrets.delete',
  'secrets.get',
  'secrets.list',
  'secrets.update',
  'versions.access',
  'versions.add',
  'versions.get',
  'versions.list',
];

/** The least that dcs needs, as commands to run. */
export function roles(project: string): string[] {
  const permissions = PERMISSIONS.map((name) => `secretmanager.${name}`).join(',');
  return [
    'The least that dcs needs, as a role of its own (secrets.delete only for --prune):',
    `  gcloud iam roles create dcsSync --project ${project} --title "dcs sync" --permissions ${permissions}`,
    `  gcloud projects add-iam-policy-binding ${project} --role projects/${project}/roles/dcsSync --member serviceAccount:dcs-sync@${project}.iam.gserviceaccount.com --condition None`,
    'Besides, only where it is used: roles/secretmanager.secretVersionManager for keep_versions and versions prune,',
    '  roles/run.developer or roles/cloudfunctions.developer and roles/iam.serviceAccountUser on the account the code runs as, for gcp-run.',
  ];
}

/** Workload Identity Federation: CI signs in without a key. https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines, last verified 2026-11-21. */
export function federation(project: string, repository: string): string[] {
  const account = `dcs-sync@${project}.iam.gserviceaccount.com`;
  return [
    `GitHub Actions of ${repository} without a key:`,
    `  gcloud iam service-accounts create dcs-sync --project ${project}`,
    `  gcloud iam workload-identity-pools create ci --project ${project} --location global`,
    `  gcloud iam workload-identity-pools providers create-oidc github --project ${project} --location global --workload-identity-pool ci --issuer-uri https://token.actions.githubusercontent.com --attribute-mapping google.subject=assertion.sub,attribute.repository=assertion.repository --attribute-condition "assertion.repository=='${repository}'"`,
    `  NUMBER=$(gcloud projects describe ${project} --format 'value(projectNumber)')`,
    `  gcloud iam service-accounts add-iam-policy-binding ${account} --project ${project} --role roles/iam.workloadIdentityUser --member "principalSet://iam.googleapis.com/projects/$NUMBER/locations/global/workloadIdentityPools/ci/attribute.repository/${repository}"`,
    '  in the workflow: permissions: {id-token: write}, then google-github-actions/auth with',
    `    workload_identity_provider: projects/NUMBER/locations/global/workloadIdentityPools/ci/providers/github`,
    `    service_account: ${account}`,
  ];
}
