/** What a fresh sandbox holds: constants, so that tests and documents can name them. Nothing here opens anything real. */
const body = (letter: string): string => letter.repeat(40);

export const SEED = {
  workplace: 'acme',
  project: 'shop',
  tokens: {
    user: `dp.pt.${body('u')}`,
    dev: `dp.st.dev.${body('d')}`,
    stg: `dp.st.stg.${body('s')}`,
    prd: `dp.st.prd.${body('p')}`,
    prdWrite: `dp.st.prd.${body('w')}`,
    account: `dp.sa.${body('a')}`,
    scim: `dp.scim.${body('c')}`,
    audit: `dp.audit.${body('t')}`,
  },
  identity: '7b1f7c52-3a34-4a53-9d7e-0d5a3c0f5e11',
  cloudflare: {
    token: 'sandbox-cloudflare-token-0123456789abcdef',
    accountId: '7f3ac0de51b84c2f9e60a1d2b3c4d5e6',
    accountName: 'Acme',
    worker: 'shop-api',
    workers: ['shop-api', 'shop-api-staging'],
    pages: 'shop-web',
    store: 'default_secrets_store',
  },
  google: {
    project: 'demo-shop',
    number: '104729104729',
    region: 'europe-west3',
    user: 'you@sandbox.example',
    token: 'ya29.sandbox-google-token',
    refreshToken: '1//sandbox-google-refresh-token',
    service: 'shop-api',
    job: 'shop-nightly',
    /** Of the second generation, and one of the first. */
    fn: 'shop-events',
    legacyFunction: 'shop-mail',
    /** Of App Hosting. */
    backend: 'shop-web',
    backendRegion: 'europe-west4',
    /** The service account that deployed code runs as, and the one that deploys. */
    runAccount: 'shop-run@demo-shop.iam.gserviceaccount.com',
    deployAccount: 'shop-deploy@demo-shop.iam.gserviceaccount.com',
    provider: '//iam.googleapis.com/projects/104729104729/locations/global/workloadIdentityPools/ci/providers/sandbox',
    /** Takes the identity tokens of the sandbox's GitHub. */
    githubProvider: '//iam.googleapis.com/projects/104729104729/locations/global/workloadIdentityPools/github/providers/github',
  },
  github: {
    repository: 'acme/shop',
    /** A person's, and one of a workflow that may read only. */
    token: `ghp_${'g'.repeat(36)}`,
    readToken: `ghs_${'r'.repeat(36)}`,
    issuer: 'https://token.actions.githubusercontent.com',
  },
  slack: { hook: '/services/T0SANDBOX/B0SANDBOX/sandboxIncomingWebhook', token: `xoxb-sandbox-${'x'.repeat(24)}`, channel: 'C0SANDBOX' },
  pagerduty: { key: `${'f'.repeat(31)}1` },
  inbox: { secret: 'whsec_c2FuZGJveC1pbmJveC1zZWNyZXQtMDEyMzQ1Njc4OQ==' },
  mail: { user: 'sandbox', password: 'sandbox-smtp-password', to: 'ops@shop.example', from: 'dcs@shop.example' },
  neon: {
    key: `napi_${'n'.repeat(64)}`,
    orgKey: `napi_${'o'.repeat(64)}`,
    org: 'org-calm-forest-12345678',
    orgName: 'Acme',
  },
} as const;
