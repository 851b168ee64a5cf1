import { accountOf } from './containers.ts';
import { isObject, type Json } from './envelope.ts';
import { operationDone } from './operations.ts';
import { type CloudFunction, type Project, stamp, type World } from './state.ts';
import { serving } from './workloads.ts';

export const functionName = (project: Project, { location, id }: CloudFunction): string =>
  `projects/${project.id}/locations/${location}/functions/${id}`;

export const configOf = ({ spec }: Pick<CloudFunction, 'spec'>): Json => (isObject(spec['serviceConfig']) ? spec['serviceConfig'] : {});

const pending = (world: World, { revisions }: CloudFunction): boolean => !operationDone(world, revisions.at(-1)?.operation ?? '');

/** What a function's configuration says, as Cloud Run's template says it. */
export function templateFrom(config: Json): Json {
  const plain = isObject(config['environmentVariables']) ? Object.entries(config['environmentVariables']) : [];
  const secrets = Array.isArray(config['secretEnvironmentVariables']) ? config['secretEnvironmentVariables'].filter(isObject) : [];
  const env = [
    ...plain.map(([name, value]) => ({ name, value })),
    ...secrets.map(({ key, projectId, secret, version }) => ({
      name: key,
      valueSource: {
        secretKeyRef: {
          secret: typeof projectId === 'string' && projectId !== '' ? `projects/${projectId}/secrets/${String(secret)}` : secret,
          version: version ?? 'latest',
        },
      },
    })),
  ];
  return { serviceAccount: config['serviceAccountEmail'], containers: [{ image: 'function', env }] };
}

function state(world: World, fn: CloudFunction): Json {
  if (pending(world, fn)) return { state: 'DEPLOYING' };
  const { failure } = fn.revisions.at(-1) ?? {};
  if (failure === undefined || failure === null) return { state: 'ACTIVE' };
  const stateMessages = [{ severity: 'ERROR', type: 'CloudRunServiceNotReady', message: failure.message }];
  return { state: serving(world, fn) === undefined ? 'FAILED' : 'ACTIVE', stateMessages };
}

export function functionView(world: World, project: Project, fn: CloudFunction): Json {
  const url = `https://${fn.location}-${project.id}.cloudfunctions.net/${fn.id}`;
  const second = {
    service: `projects/${project.id}/locations/${fn.location}/services/${fn.id}`,
    uri: `https://${fn.id}-${project.number}.${fn.location}.run.app`,
    revision: serving(world, fn)?.name ?? '',
  };
  return {
    ...fn.spec,
    name: functionName(project, fn),
    serviceConfig: {
      ...configOf(fn),
      serviceAccountEmail: accountOf(project, templateFrom(configOf(fn))),
      ...(fn.generation === 2 ? second : {}),
    },
    environment: `GEN_${fn.generation}`,
    ...state(world, fn),
    createTime: stamp(fn.at),
    updateTime: stamp(fn.updated),
    url,
  };
}

/** As API v1 tells of a first generation function. */
export function legacyView(world: World, project: Project, fn: CloudFunction): Json {
  const config = configOf(fn);
  const build = isObject(fn.spec['buildConfig']) ? fn.spec['buildConfig'] : {};
  return {
    name: functionName(project, fn),
    status: pending(world, fn) ? 'DEPLOY_IN_PROGRESS' : serving(world, fn) === undefined ? 'OFFLINE' : 'ACTIVE',
    entryPoint: build['entryPoint'],
    runtime: build['runtime'],
    timeout: '60s',
    availableMemoryMb: 256,
    serviceAccountEmail: accountOf(project, templateFrom(config)),
    updateTime: stamp(fn.updated),
    versionId: String(fn.revisions.length),
    labels: fn.spec['labels'],
    environmentVariables: config['environmentVariables'],
    secretEnvironmentVariables: config['secretEnvironmentVariables'],
    ingressSettings: 'ALLOW_ALL',
    httpsTrigger: { url: `https://${fn.location}-${project.id}.cloudfunctions.net/${fn.id}`, securityLevel: 'SECURE_ALWAYS' },
  };
}
