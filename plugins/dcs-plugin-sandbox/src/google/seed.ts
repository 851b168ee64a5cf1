import { SEED } from '../seed.ts';
import { defaultAccount } from './containers.ts';
import { seedProvider } from './credentials.ts';
import type { Json } from './envelope.ts';
import { newFunction } from './functions.ts';
import { addProject, addServiceAccount, newPolicy, type Project, tick, type World } from './state.ts';
import { deploy, newWorkload } from './workloads.ts';

/** Somebody else's project, out of reach of the usual token. */
export const OTHER_PROJECT = 'demo-other';
/** Sees everything in the seeded project except values, and writes nothing. */
export const READ_TOKEN = 'ya29.sandbox-google-read-token';

const APIS = [
  'secretmanager',
  'run',
  'cloudfunctions',
  'cloudbuild',
  'artifactregistry',
  'iam',
  'iamcredentials',
  'cloudresourcemanager',
  'serviceusage',
  'firebase',
  'firebaseapphosting',
  'runtimeconfig',
];

/** A service, a job and a function of each generation, with no secret bound to any. */
function seedCode(world: World, project: Project): void {
  const { region: location, runAccount, service, job, fn, legacyFunction } = SEED.google;
  const template = {
    serviceAccount: runAccount,
    containers: [{ image: 'us-docker.pkg.dev/cloudrun/container/hello', env: [{ name: 'LOG_LEVEL', value: 'info' }] }],
  };
  const put = (kind: 'services' | 'jobs', id: string, spec: Json): unknown =>
    deploy(world, project, newWorkload(world, project, { kind, location, id, spec: {} }), spec);
  const traffic = [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }];
  put('services', service, { ingress: 'INGRESS_TRAFFIC_ALL', template, traffic });
  put('jobs', job, { template: { taskCount: 1, template } });
  const spec = {
    labels: { 'deployment-tool': 'cli-firebase', 'firebase-functions-codebase': 'default' },
    buildConfig: { runtime: 'nodejs22', entryPoint: 'handle' },
    serviceConfig: {
      serviceAccountEmail: runAccount,
      environmentVariables: { LOG_LEVEL: 'info' },
      availableMemory: '256Mi',
      timeoutSeconds: 60,
    },
  };
  newFunction(world, project, { generation: 2, location, id: fn }, spec);
  newFunction(world, project, { generation: 1, location, id: legacyFunction }, spec);
}

function seedFirebase(world: World, project: Project): void {
  const { backend: id, backendRegion: location } = SEED.google;
  const { email } = addServiceAccount(world, project, `firebase-app-hosting-compute@${project.id}.iam.gserviceaccount.com`);
  project.backends.set(`${location}/${id}`, { id, location, at: tick(world), serviceAccount: email });
  const legacy = {
    stripe: { key: 'sandbox-legacy-stripe-key', 'webhook/secret': 'sandbox-legacy-webhook' },
    mail: { from: 'shop@shop.example' },
  };
  for (const [config, entries] of Object.entries(legacy)) project.runtimeConfig.set(config, new Map(Object.entries(entries)));
}

export function seedGoogle(world: World): void {
  const { project: id, number, token, user, refreshToken, runAccount, deployAccount } = SEED.google;
  const project = addProject(world, id, number, 'Shop');
  for (const api of APIS) project.apis.set(`${api}.googleapis.com`, '');
  project.policy = newPolicy(world, [
    { role: 'roles/owner', members: [`user:${user}`] },
    { role: 'roles/viewer', members: ['user:reader@sandbox.example'] },
  ]);
  for (const email of [runAccount, deployAccount, defaultAccount(project)]) addServiceAccount(world, project, email);
  seedCode(world, project);
  seedFirebase(world, project);
  addProject(world, OTHER_PROJECT, '222222222222', 'Another company');
  world.tokens.set(token, { member: `user:${user}`, expires: null });
  // firebase-tools says this of itself in a project whose id begins with `demo-`.
  world.tokens.set('owner', { member: `user:${user}`, expires: null });
  world.tokens.set(READ_TOKEN, { member: 'user:reader@sandbox.example', expires: null });
  world.refreshTokens.set(refreshToken, `user:${user}`);
  seedProvider(world);
}
