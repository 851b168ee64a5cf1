import { randomBytes, randomUUID } from 'node:crypto';
import { accountOf, checkContainers, referencesOf, startFailure } from './containers.ts';
import { isObject, type Json, newEtag, Refusal } from './envelope.ts';
import { demand, policiesOf, type Signed } from './gate.ts';
import { operationDone, orderedFailure, startOperation } from './operations.ts';
import { newPolicy, type Operation, type Project, type Revision, serviceAccount, stamp, tick, type Workload, type World } from './state.ts';

export type Kind = Workload['kind'];

/** What callers may write. https://cloud.google.com/run/docs/reference/rest/v2, last verified 2026-11-21. */
export const WRITABLE: Record<Kind, readonly string[]> = {
  services: [
    'description',
    'labels',
    'annotations',
    'client',
    'clientVersion',
    'ingress',
    'launchStage',
    'binaryAuthorization',
    'template',
    'traffic',
    'scaling',
    'invokerIamDisabled',
    'defaultUriDisabled',
    'customAudiences',
    'iapEnabled',
  ],
  jobs: ['labels', 'annotations', 'client', 'clientVersion', 'launchStage', 'binaryAuthorization', 'template'],
};

/** What callers may send along and nothing comes of. */
export const OUTPUT = [
  'name',
  'uid',
  'generation',
  'createTime',
  'updateTime',
  'deleteTime',
  'expireTime',
  'creator',
  'lastModifier',
  'observedGeneration',
  'terminalCondition',
  'conditions',
  'latestReadyRevision',
  'latestCreatedRevision',
  'trafficStatuses',
  'uri',
  'urls',
  'satisfiesPzs',
  'threatDetectionEnabled',
  'reconciling',
  'etag',
  'executionCount',
  'latestCreatedExecution',
  'buildConfig',
  'multiRegionSettings',
];

export const nameOf = (project: Project, { kind, location, id }: Pick<Workload, 'kind' | 'location' | 'id'>): string =>
  `projects/${project.id}/locations/${location}/${kind}/${id}`;

export const keyOf = ({ kind, location, id }: Pick<Workload, 'kind' | 'location' | 'id'>): string => `${kind}/${location}/${id}`;

/** What instances are made of: a job's lies one deeper. */
export function templateOf({ kind, spec }: Pick<Workload, 'kind' | 'spec'>): Json {
  const template = isObject(spec['template']) ? spec['template'] : {};
  if (kind === 'services') return template;
  return isObject(template['template']) ? template['template'] : {};
}

/** Whoever deploys must be allowed to act as the account that the code runs as. */
export function mayActAs({ world, call, member, project }: Signed, account: string): void {
  demand({ world, call, member, project }, 'iam.serviceAccounts.actAs', policiesOf(serviceAccount(world, account)));
}

export function newWorkload(world: World, project: Project, at: Pick<Workload, 'kind' | 'location' | 'id' | 'spec'>): Workload {
  const moment = tick(world);
  const workload: Workload = {
    ...at,
    at: moment,
    updated: moment,
    uid: randomUUID(),
    generation: 0,
    etag: newEtag(),
    revisions: [],
    policy: newPolicy(world),
  };
  project.workloads.set(keyOf(workload), workload);
  return workload;
}

function nameRevision(workload: Workload, template: Json): string {
  const wanted = template['revision'];
  if (typeof wanted !== 'string' || wanted === '')
    return `${workload.id}-${String(workload.generation).padStart(5, '0')}-${randomBytes(2).toString('hex').slice(0, 3)}`;
  const known = workload.revisions.find(({ name }) => name === wanted);
  if (known !== undefined && JSON.stringify(known.template) !== JSON.stringify(template))
    throw new Refusal('ALREADY_EXISTS', `Revision named '${wanted}' with different configuration already exists.`);
  return wanted;
}

/** Puts `spec` in place; a template that changed makes a revision, which is ready only if its instances can start. */
export function deploy(world: World, project: Project, workload: Workload, spec: Json): Operation {
  const template = templateOf({ kind: workload.kind, spec });
  checkContainers(template);
  const changed = JSON.stringify(template) !== JSON.stringify(workload.revisions.at(-1)?.template);
  const name = changed ? nameRevision({ ...workload, generation: workload.generation + 1 }, template) : '';
  const failure = changed
    ? (startFailure(world, accountOf(project, template), referencesOf(project, template)) ?? orderedFailure(world))
    : orderedFailure(world);
  const at = tick(world);
  Object.assign(workload, { spec, updated: at, etag: newEtag(), generation: workload.generation + 1 });
  const operation = startOperation(world, project, { kind: workload.kind, key: keyOf(workload), location: workload.location, failure });
  if (changed) workload.revisions.push({ name, at, template, operation: operation.name, failure });
  return operation;
}

const isReady = (world: World, { operation, failure }: Revision): boolean => failure === null && operationDone(world, operation);

/** The revision that serves: the newest that became ready. */
export const serving = (world: World, { revisions }: { revisions: readonly Revision[] }): Revision | undefined =>
  revisions.findLast((revision) => isReady(world, revision));

function condition(world: World, workload: Workload): { state: string; message?: string } {
  const newest = workload.revisions.at(-1);
  if (newest === undefined || isReady(world, newest)) return { state: 'CONDITION_SUCCEEDED' };
  if (!operationDone(world, newest.operation)) return { state: 'CONDITION_RECONCILING' };
  const { message = '' } = newest.failure ?? {};
  return { state: 'CONDITION_FAILED', message: `Revision '${newest.name}' is not ready and cannot serve traffic. ${message}` };
}

function revisionFields(world: World, project: Project, workload: Workload): Json {
  if (workload.kind === 'jobs') return {};
  const path = `${nameOf(project, workload)}/revisions`;
  const ready = serving(world, workload);
  const uri = `https://${workload.id}-${project.number}.${workload.location}.run.app`;
  return {
    latestCreatedRevision: `${path}/${workload.revisions.at(-1)?.name}`,
    ...(ready === undefined ? {} : { latestReadyRevision: `${path}/${ready.name}` }),
    trafficStatuses: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
    uri,
    urls: [uri],
  };
}

export function workloadView(world: World, project: Project, workload: Workload): Json {
  const ready = condition(world, workload);
  const reconciling = ready.state === 'CONDITION_RECONCILING';
  return {
    ...workload.spec,
    name: nameOf(project, workload),
    uid: workload.uid,
    generation: String(workload.generation),
    createTime: stamp(workload.at),
    updateTime: stamp(workload.updated),
    observedGeneration: String(reconciling ? workload.generation - 1 : workload.generation),
    ...(reconciling ? { reconciling } : {}),
    terminalCondition: { type: 'Ready', ...ready, lastTransitionTime: stamp(workload.updated) },
    ...revisionFields(world, project, workload),
    etag: workload.etag,
  };
}

export function revisionView(world: World, project: Project, workload: Workload, revision: Revision): Json {
  const state = isReady(world, revision) ? 'CONDITION_SUCCEEDED' : 'CONDITION_FAILED';
  const { revision: _name, ...template } = revision.template;
  return {
    ...template,
    name: `${nameOf(project, workload)}/revisions/${revision.name}`,
    service: workload.id,
    createTime: stamp(revision.at),
    serviceAccount: accountOf(project, revision.template),
    conditions: [{ type: 'Ready', state: operationDone(world, revision.operation) ? state : 'CONDITION_RECONCILING' }],
  };
}
