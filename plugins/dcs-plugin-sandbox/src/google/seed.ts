import { SEED } from '../seed.ts';
import { seedProvider } from './credentials.ts';
import { addProject, addServiceAccount, newPolicy, type World } from './state.ts';

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

export function seedGoogle(world: World): void {
  const { project: id, number, token, user, refreshToken, runAccount, deployAccount } = SEED.google;
  const project = addProject(world, id, number, 'Shop');
  project.apis.push(...APIS.map((api) => `${api}.googleapis.com`));
  project.policy = newPolicy(world, [
    { role: 'roles/owner', members: [`user:${user}`] },
    { role: 'roles/viewer', members: ['user:reader@sandbox.example'] },
  ]);
  for (const email of [runAccount, deployAccount]) addServiceAccount(world, project, email.split('@')[0] ?? '');
  addProject(world, OTHER_PROJECT, '222222222222', 'Another company');
  world.tokens.set(token, { member: `user:${user}`, expires: null });
  // firebase-tools says this of itself in a project whose id begins with `demo-`.
  world.tokens.set('owner', { member: `user:${user}`, expires: null });
  world.tokens.set(READ_TOKEN, { member: 'user:reader@sandbox.example', expires: null });
  world.refreshTokens.set(refreshToken, `user:${user}`);
  seedProvider(world);
}
