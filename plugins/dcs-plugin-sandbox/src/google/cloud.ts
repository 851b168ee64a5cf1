import type { Call, Cloud, Reply, Route } from '../server/cloud.ts';
import { pack, unpack } from '../server/pack.ts';
import { backdoorRoutes } from './backdoor.ts';
import { batchRoute } from './batch.ts';
import { googleEnvironment } from './env.ts';
import { isObject } from './envelope.ts';
import { appHostingRoutes, runtimeConfigRoutes } from './firebase.ts';
import { functionRoutes } from './functions.ts';
import type { Ground } from './gate.ts';
import { metadataRoutes } from './metadata.ts';
import { oauthRoutes } from './oauth.ts';
import { operationRoutes } from './operation-views.ts';
import { projectRoutes } from './projects.ts';
import { Quota } from './quota.ts';
import { runRoutes } from './run.ts';
import { secretRoutes } from './secrets.ts';
import { seedGoogle } from './seed.ts';
import { serviceAccountRoutes } from './service-accounts.ts';
import { serviceUsageRoutes } from './service-usage.ts';
import { emptyWorld, type World } from './state.ts';
import { stsRoutes } from './sts.ts';
import { versionRoutes } from './versions.ts';

const isWorld = (value: unknown): value is World =>
  isObject(value) && value['projects'] instanceof Map && value['tokens'] instanceof Map && value['refreshTokens'] instanceof Map;

/** Google's client libraries take a host and a port and no path: these APIs answer at the root as well. */
const AT_ROOT = ['secretmanager', 'run', 'cloudfunctions'];

function rooted(routes: readonly Route[]): Route[] {
  return routes.flatMap((route) => {
    const api = route.path.split('/')[1] ?? '';
    return AT_ROOT.includes(api) ? [route, { ...route, path: route.path.slice(api.length + 1), bare: true }] : [route];
  });
}

const NOWHERE =
  '<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n';

/** Google's control planes as far as secrets go, one path each below `/google`. Empty until seeded or restored. */
export function google(): Cloud {
  const world = emptyWorld();
  const ground: Ground = { world, quota: new Quota() };
  const bases = ['/secretmanager/v1/projects/:project', '/secretmanager/v1/projects/:project/locations/:location'];
  const secretManager = bases.flatMap((base) => [...secretRoutes(ground, base), ...versionRoutes(ground, base)]);
  return {
    name: 'google',
    prefix: '/google',
    routes: [
      ...oauthRoutes(world),
      ...stsRoutes(world),
      ...metadataRoutes(world),
      ...rooted([
        ...secretManager,
        ...runRoutes(ground),
        ...functionRoutes(ground),
        ...serviceAccountRoutes(ground),
        ...operationRoutes(ground),
      ]),
      ...serviceUsageRoutes(ground),
      ...projectRoutes(ground),
      ...appHostingRoutes(ground),
      ...runtimeConfigRoutes(ground),
      batchRoute('secretmanager', secretManager),
      ...backdoorRoutes(ground),
    ],
    env: googleEnvironment,
    notFound: (_call: Call): Reply => ({ status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, text: NOWHERE }),
    state: () => pack(world),
    restore(state) {
      const restored = unpack(state);
      if (!isWorld(restored)) throw new Error('The saved state of the Google sandbox is not readable.');
      ground.quota.clear();
      Object.assign(world, restored);
    },
    seed: () => seedGoogle(world),
  };
}
