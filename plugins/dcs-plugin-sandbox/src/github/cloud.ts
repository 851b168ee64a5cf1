import { SEED } from '../seed.ts';
import type { Call, Cloud, Reply } from '../server/cloud.ts';
import { pack, unpack } from '../server/pack.ts';
import { backdoorRoutes } from './backdoor.ts';
import { commentRoutes } from './comments.ts';
import { dispatchRoutes } from './dispatches.ts';
import { answered, isObject, notFound, Refusal, refused, route, tokenOf } from './gate.ts';
import { identityRoutes } from './identity.ts';
import { issueRoutes } from './issues.ts';
import { emptyWorld, seedGithub, type World } from './state.ts';
import { repositoryView } from './views.ts';

function isWorld(value: unknown): value is World {
  return isObject(value) && value['repositories'] instanceof Map && value['tokens'] instanceof Map && value['runs'] instanceof Map;
}

/** A job's token is nobody's: https://docs.github.com/rest/users/users#get-the-authenticated-user (last verified 2026-11-21). */
function whoami(world: World, call: Call): Reply {
  const { login, repository } = tokenOf(world, call);
  if (repository !== null) throw new Refusal(403, 'Resource not accessible by integration');
  return { status: 200, body: { login } };
}

/** What automation needs of GitHub: dispatches, issues, comments, and the identity of a job. */
export function github(): Cloud {
  const world = emptyWorld();
  return {
    name: 'github',
    prefix: '/github',
    routes: [
      { method: 'GET', path: '/user', answer: (call) => answered(() => whoami(world, call)) },
      route(world, 'GET ', ['metadata'], ({ origin, repository }) => ({ status: 200, body: repositoryView(origin, repository) })),
      ...dispatchRoutes(world),
      ...issueRoutes(world),
      ...commentRoutes(world),
      ...identityRoutes(world),
      ...backdoorRoutes(world),
    ],
    env: (origin) => ({ GITHUB_API_URL: `${origin}/github`, GITHUB_TOKEN: SEED.github.token }),
    notFound: () => refused(notFound()),
    state: () => pack(world),
    restore(state) {
      const restored = unpack(state);
      if (!isWorld(restored)) throw new Error('The saved state of the GitHub sandbox is not readable.');
      Object.assign(world, restored);
    },
    seed: () => seedGithub(world),
  };
}
