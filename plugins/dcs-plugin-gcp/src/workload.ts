import { DcsError, path } from 'dcs-sdk';
import { asJson, asList, asText, isJson, type Google, type Json } from './api.ts';
import { finished } from './operations.ts';
import { kindOf, type RunOptions } from './run-options.ts';

/** One variable of a workload. `id` absent: it holds a plain value. */
export interface Variable {
  readonly name: string;
  readonly id?: string;
  /** Another project's secret. */
  readonly project?: string;
  readonly version?: string;
}

/** What serves now, and what the next write starts from. */
export interface Standing {
  readonly variables: readonly Variable[];
  /** The account that the code runs as. */
  readonly account: string | undefined;
  /** Traffic goes elsewhere: a new revision is not live. */
  readonly held: boolean;
  readonly raw: Json;
}

/** A service, a job or a function, as far as its secrets go. */
export interface Workload {
  readonly title: string;
  read(): Promise<Standing>;
  /** Binds, or with null unbinds; waits until it is deployed. Answers the revision, where there is one. */
  bind(standing: Standing, changes: ReadonlyMap<string, Required<Pick<Variable, 'id' | 'version'>> | null>): Promise<string | undefined>;
}

const TITLES = { service: 'Cloud Run service', job: 'Cloud Run job', function: 'function' } as const;

export function openWorkload(google: Google, options: RunOptions, signal: AbortSignal): Workload {
  const { project_id, region } = options;
  const { kind, id } = kindOf(options);
  const title = `${TITLES[kind]} ${id}, ${region}, project ${project_id}`;
  const api = google(kind === 'function' ? 'cloudfunctions' : 'run');
  const name = `${path`/projects/${project_id}/locations/${region}`}/${kind}s${path`/${id}`}`;
  const get = (at: string): Promise<Json> => api({ method: 'GET', path: `/v2${at}`, subject: title });
  const patch = async (body: Json, updateMask?: string): Promise<Json> => {
    // Deploying the same once more makes one more revision at most, and nothing else.
    const started = await api({ method: 'PATCH', path: `/v2${name}`, query: { updateMask }, body, subject: title, idempotent: false });
    return finished(started, { api, below: '/v2/', subject: title, signal });
  };
  const revisionIn = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value.split('/').at(-1) : undefined;

  if (kind === 'function')
    return {
      title,
      async read() {
        const raw = await get(name);
        if (raw['environment'] !== 'GEN_2')
          throw new DcsError('TARGET', `${title} is of the first generation.`, {
            why: 'dcs binds secrets to functions of the second. Nothing was written.',
          });
        const config = asJson(raw['serviceConfig'] ?? {}, title);
        const plain = Object.keys(isJson(config['environmentVariables']) ? config['environmentVariables'] : {}).map((each) => ({
          name: each,
        }));
        const secrets = asList(config['secretEnvironmentVariables'], title).map((item) => ({
          name: asText(item['key'], title),
          version: asText(item['version'] ?? 'latest', title),
          ...referenceOf(asText(item['secret'], title), typeof item['projectId'] === 'string' ? item['projectId'] : undefined, options),
        }));
        return { variables: [...plain, ...secrets], account: textOr(config['serviceAccountEmail']), held: false, raw };
      },
      async bind({ raw }, changes) {
        const before = asList(asJson(raw['serviceConfig'] ?? {}, title)['secretEnvironmentVariables'], title);
        const bound = [...changes].flatMap(([key, to]) =>
          to === null ? [] : [{ key, projectId: project_id, secret: to.id, version: to.version }],
        );
        const secretEnvironmentVariables = [...before.filter((item) => !changes.has(String(item['key']))), ...bound];
        const done = await patch({ serviceConfig: { secretEnvironmentVariables } }, 'serviceConfig.secretEnvironmentVariables');
        return revisionIn(asJson(done['serviceConfig'] ?? {}, title)['revision']);
      },
    };

  const templateOf = (raw: Json): Json => {
    const template = asJson(raw['template'], title);
    return kind === 'job' ? asJson(template['template'], title) : template;
  };
  return {
    title,
    async read() {
      const raw = await get(name);
      const { latestReadyRevision: ready, latestCreatedRevision: made } = raw;
      // What could not be deployed does not serve: what does, its revision tells.
      const serving = ready === undefined || ready === made ? templateOf(raw) : await get(`/${asText(ready, title)}`);
      const { env } = containerOf(serving, options, title).container;
      const traffic = asList(raw['traffic'], title);
      const held =
        traffic.length > 0 && !traffic.some(({ type, percent }) => type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' && percent === 100);
      return {
        variables: asList(env, title).map((item) => variableOf(item, options, title)),
        account: textOr(templateOf(raw)['serviceAccount']),
        held,
        raw,
      };
    },
    async bind({ raw }, changes) {
      const template = templateOf(raw);
      const { containers, index, container } = containerOf(template, options, title);
      const kept = asList(container['env'], title).filter((item) => !changes.has(String(item['name'])));
      const bound = [...changes].flatMap(([each, to]) =>
        to === null ? [] : [{ name: each, valueSource: { secretKeyRef: { secret: to.id, version: to.version } } }],
      );
      const next = containers.with(index, { ...container, env: [...kept, ...bound] });
      // A name that the last deployment gave its revision cannot be used again; an annotation makes a revision also where nothing else differs.
      const annotations = { ...(isJson(template['annotations']) ? template['annotations'] : {}), 'dcs-bound': new Date().toISOString() };
      const { etag } = raw;
      if (kind === 'service') {
        const body = { etag, template: { containers: next, annotations } };
        const done = await patch(body, 'template.containers,template.annotations,template.revision');
        return revisionIn(done['latestReadyRevision']);
      }
      // A job is written whole: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/patch, last verified 2026-11-21.
      await patch({ ...raw, template: { ...asJson(raw['template'], title), template: { ...template, containers: next } } });
      return undefined;
    },
  };
}

const textOr = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function containerOf(
  template: Json,
  { container: named }: RunOptions,
  title: string,
): { containers: Json[]; index: number; container: Json } {
  const containers = asList(template['containers'], title);
  const index = named === undefined ? (containers.length === 1 ? 0 : -1) : containers.findIndex(({ name }) => name === named);
  const container = containers[index];
  if (container) return { containers, index, container };
  throw new DcsError(
    'CONFIG',
    named === undefined ? `${title} has ${containers.length} containers.` : `${title} has no container ${named}.`,
    {
      hint: `set container in dcs.yaml to one of: ${containers.map(({ name }) => String(name as string)).join(', ')}`,
    },
  );
}

function variableOf(item: Json, options: RunOptions, title: string): Variable {
  const name = asText(item['name'], title);
  const source = isJson(item['valueSource']) ? item['valueSource']['secretKeyRef'] : undefined;
  if (!isJson(source)) return { name };
  return {
    name,
    version: asText(source['version'] ?? 'latest', title),
    ...referenceOf(asText(source['secret'], title), undefined, options),
  };
}

function referenceOf(secret: string, owner: string | undefined, { project_id }: RunOptions): { id: string; project?: string } {
  const [, project = owner, id = secret] = /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(secret) ?? [];
  return project === undefined || project === project_id ? { id } : { id, project };
}
