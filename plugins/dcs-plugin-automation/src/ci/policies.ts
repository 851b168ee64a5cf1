/** Where the repository lies: what a job of its CI proves to be. */
export interface Repository {
  /** `github.com`, or a host of one's own. */
  readonly host: string;
  /** `acme/shop` */
  readonly path: string;
}

export interface PolicyInput {
  readonly system: 'github' | 'gitlab';
  readonly repository: Repository;
  readonly branch: string;
  /** `shop/stg` ... */
  readonly configs: readonly string[];
  readonly google: boolean;
  readonly cloudflare: boolean;
}

/** Subject, issuer and audience of a job. https://docs.github.com/actions/reference/security/oidc, https://docs.gitlab.com/ci/secrets/id_token_authentication, last verified 2026-11-21 */
function claims({ system, repository: { host, path }, branch }: PolicyInput) {
  if (system === 'github')
    return {
      issuer: 'https://token.actions.githubusercontent.com',
      audience: `https://github.com/${path.split('/')[0]}`,
      synced: `repo:${path}:ref:refs/heads/${branch}`,
      planned: `repo:${path}:pull_request`,
      repository: `assertion.repository == '${path}'`,
    };
  return {
    issuer: `https://${host}`,
    audience: 'https://api.doppler.com',
    synced: `project_path:${path}:ref_type:branch:ref:${branch}`,
    // GitLab names the source branch of a merge request, whatever it is called.
    planned: `project_path:${path}:ref_type:branch:ref:*`,
    repository: `assertion.project_path == '${path}'`,
  };
}

/** What to set up once so that no token is stored: for people, to read and to copy. */
export function policies(input: PolicyInput): string[] {
  const { system, repository, configs } = input;
  const { issuer, audience, synced, planned, repository: condition } = claims(input);
  const set = (name: string, value: string): string =>
    system === 'github' ? `gh variable set ${name} --body ${value}` : `Settings > CI/CD > Variables: ${name}=${value}`;
  return [
    'Doppler: a service account for each line, with an identity (OIDC) and no token',
    `  discovery URL ${issuer}, audience ${audience}`,
    `  subject ${synced}`,
    `    may read ${configs.join(', ')}     ${set('DCS_DOPPLER_IDENTITY', 'UUID')}`,
    `  subject ${planned}${planned.endsWith('*') ? '     (claims: wildcard)' : ''}`,
    `    may read what whoever pushes a branch may read     ${set('DCS_DOPPLER_IDENTITY_PR', 'UUID')}`,
    ...(input.google ? google(issuer, condition, synced, set) : []),
    ...(input.cloudflare
      ? [
          'Cloudflare has no OIDC for its API: keep CLOUDFLARE_API_TOKEN in a Doppler config, and name that in dcs.yaml',
          '  credentials: {doppler: clouds}',
        ]
      : []),
    ...(system === 'gitlab'
      ? [
          'GitLab: a job may write no note and no issue by itself',
          `  ${set('DCS_GITLAB_TOKEN', '...')}     masked: a project access token, role Reporter, scope api; it opens no secret`,
          `  Build > Pipeline schedules: one a day on ${input.branch} of ${repository.path}`,
        ]
      : []),
  ];
}

function google(issuer: string, condition: string, subject: string, set: (name: string, value: string) => string): string[] {
  const provider = 'projects/NUMBER/locations/global/workloadIdentityPools/ci/providers/dcs';
  return [
    'Google: Workload Identity Federation',
    '  gcloud iam workload-identity-pools create ci --location=global',
    `  gcloud iam workload-identity-pools providers create-oidc dcs --location=global --workload-identity-pool=ci --issuer-uri=${issuer} \\`,
    `    --attribute-mapping=google.subject=assertion.sub --attribute-condition="${condition}"`,
    '  gcloud iam service-accounts add-iam-policy-binding ACCOUNT --role=roles/iam.workloadIdentityUser \\',
    `    --member="principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/ci/subject/${subject}"`,
    `  ${set('DCS_GOOGLE_PROVIDER', provider)}`,
    `  ${set('DCS_GOOGLE_SERVICE_ACCOUNT', 'ACCOUNT')}     DCS_GOOGLE_SERVICE_ACCOUNT_PR: one that may only look`,
  ];
}
