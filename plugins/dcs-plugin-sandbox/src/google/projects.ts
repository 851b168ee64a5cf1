import type { Call, Route } from '../server/cloud.ts';
import { answered, type Json, paged } from './envelope.ts';
import { filterOf } from './filter.ts';
import { type Ground, memberOf, route } from './gate.ts';
import { allows } from './iam.ts';
import { policyRoutes } from './policies.ts';
import { type Project, stamp, type World } from './state.ts';

const first = (project: Project): Json => ({
  projectNumber: project.number,
  projectId: project.id,
  lifecycleState: 'ACTIVE',
  name: project.name,
  createTime: stamp(project.at),
});

const third = (project: Project): Json => ({
  name: `projects/${project.number}`,
  projectId: project.id,
  state: 'ACTIVE',
  displayName: project.name,
  createTime: stamp(project.at),
  updateTime: stamp(project.at),
  etag: 'W/"sandbox"',
});

const asFirebase = (project: Project): Json => ({
  projectId: project.id,
  projectNumber: project.number,
  displayName: project.name,
  name: `projects/${project.id}`,
  resources: {},
  state: 'ACTIVE',
});

/** The projects that the caller holds `permission` on, and no others. */
function seen(world: World, call: Call, permission: string): Project[] {
  const member = memberOf(world, call);
  return [...world.projects.values()].filter(({ policy }) => allows(world, [policy], member, permission));
}

interface Listing {
  path: string;
  key: string;
  permission: string;
  view: (project: Project) => Json;
}

function listing({ world }: Ground, { path, key, permission, view }: Listing): Route {
  const run = (call: Call): Json => {
    const test = filterOf(call.query.get('filter') ?? call.query.get('query'));
    const views = seen(world, call, permission).map((project) => ({ at: project.at, view: view(project) }));
    const { items, next } = paged(
      call,
      views.filter((one) => test(one.view)),
      100,
    );
    return { ...(items.length === 0 ? {} : { [key]: items.map((one) => one.view) }), ...next };
  };
  return { method: 'GET', path, answer: (call) => answered(() => run(call)) };
}

/** Projects, as the Resource Manager (v1, v3) and Firebase tell of them. https://cloud.google.com/resource-manager/reference/rest, last verified 2026-11-21. */
export function projectRoutes(ground: Ground): Route[] {
  const right = 'resourcemanager.projects';
  const policies = (): [] => [];
  const managed = (version: string, view: (project: Project) => Json): Route[] => {
    const all = `/cloudresourcemanager/${version}/projects`;
    return [
      route(ground, `GET ${all}/:project`, { permission: `${right}.get` }, ({ project }) => view(project)),
      ...policyRoutes(ground, { path: `${all}/:project`, kind: right, reading: 'POST', policies }, ({ project }) => project.policy),
    ];
  };
  const { get, list } = { get: `${right}.get`, list: 'firebase.projects.get' };
  const firebase = '/firebase/v1beta1/projects';
  return [
    ...managed('v1', first),
    ...managed('v3', third),
    listing(ground, { path: '/cloudresourcemanager/v1/projects', key: 'projects', permission: get, view: first }),
    listing(ground, { path: '/cloudresourcemanager/v3/projects:search', key: 'projects', permission: get, view: third }),
    listing(ground, { path: firebase, key: 'results', permission: list, view: asFirebase }),
    route(ground, `GET ${firebase}/:project`, { permission: list }, ({ project }) => asFirebase(project)),
    route(ground, `GET ${firebase}/:project/adminSdkConfig`, { permission: list }, ({ project }) => ({
      projectId: project.id,
      storageBucket: `${project.id}.firebasestorage.app`,
    })),
  ];
}
