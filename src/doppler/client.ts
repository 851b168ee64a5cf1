import { isDcsError, Secret, type DopplerWebhooks } from 'dcs-sdk';
import type { DopplerSDK } from '@dopplerhq/node-sdk';
import { fieldsOf, listOf, malformed, optionalText, secretsOf, textOf, type DopplerSecret } from './answers.ts';
import { nativeSyncsOf, type NativeSync } from './native-syncs.ts';
import { checkSlug } from './place.ts';
import { webhooksOf } from './webhooks.ts';
import { createTransport, observed, sdkOver, type RateLimits, type Transport, type TransportOptions } from './transport.ts';

export type { DopplerSecret } from './answers.ts';
export type { RateLimits } from './transport.ts';

export interface Me {
  readonly name: string;
  readonly type: string;
  readonly tokenPreview: string | undefined;
  readonly workplace: string;
  readonly createdAt: string | undefined;
}
export interface DopplerProject {
  readonly slug: string;
  readonly name: string;
}
export interface DopplerEnvironment {
  readonly slug: string;
  readonly name: string;
}
export interface DopplerConfig {
  readonly name: string;
  readonly environment: string;
  readonly root: boolean;
}
/** Who changed which names when. */
export interface LogEntry {
  readonly id: string;
  readonly at: string;
  readonly user: string;
  readonly names: readonly string[];
  /** Raw values before and after; null: there was none, there is none, or this token may not see it. */
  readonly diff: readonly { readonly name: string; readonly removed: Secret | null; readonly added: Secret | null }[];
}
/** One change that Doppler makes only where the name still holds what was read. Raw values. */
export interface GuardedChange {
  readonly name: string;
  /** null: the name was absent; undefined: it is there, and this token may not see what it holds. */
  readonly was: string | null | undefined;
  /** null: to be deleted. */
  readonly value: string | null;
}
export interface SecretsAnswer {
  readonly etag: string | undefined;
  readonly secrets: ReadonlyMap<string, DopplerSecret>;
}

/** Doppler as the core sees it: Doppler's SDK on our transport, with answers checked field by field. */
export class DopplerClient {
  readonly #transport: Transport;
  #sdk: Promise<DopplerSDK> | undefined;
  #nativeSyncs: Promise<readonly NativeSync[]> | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The quota as of the last answer, for doctor. */
  get lastLimits(): RateLimits | undefined {
    return this.#transport.limits();
  }

  /** How far this machine's clock is ahead of Doppler's, ms, as of the last answer. */
  get clockAhead(): number | undefined {
    return this.#transport.ahead();
  }

  async me(): Promise<Me> {
    const what = 'the token';
    const me = fieldsOf(await (await this.#load()).auth.me(), what);
    return {
      name: textOf(me, 'name', what),
      type: textOf(me, 'type', what),
      tokenPreview: optionalText(me, 'token_preview'),
      workplace: textOf(fieldsOf(me['workplace'], what), 'name', what),
      createdAt: optionalText(me, 'created_at'),
    };
  }

  async projects(): Promise<DopplerProject[]> {
    const { projects } = await this.#load();
    const found = await pages('projects', (page) => projects.list({ page, perPage: PER_PAGE }));
    return found.map((item) => ({
      slug: optionalText(item, 'slug') ?? textOf(item, 'name', 'projects'),
      name: textOf(item, 'name', 'projects'),
    }));
  }

  async configs(project: string): Promise<DopplerConfig[]> {
    checkSlug('project', project);
    const { configs } = await this.#load();
    const found = await pages('configs', (page) => configs.list(project, { page, perPage: PER_PAGE }));
    return found.map(configOf);
  }

  /** Throws CONFIG when there is no such project or config. */
  async config(project: string, config: string): Promise<DopplerConfig> {
    checkPlace(project, config);
    const { configs } = await this.#load();
    return configOf(fieldsOf(fieldsOf(await configs.get(project, config), 'the config')['config'], 'the config'));
  }

  async environments(project: string): Promise<DopplerEnvironment[]> {
    checkSlug('project', project);
    const { environments } = await this.#load();
    const found = listOf(await environments.list(project), 'environments', 'environments');
    return found.map((item) => ({
      slug: optionalText(item, 'slug') ?? textOf(item, 'id', 'environments'),
      name: textOf(item, 'name', 'environments'),
    }));
  }

  /** Every secret of a config, or only those `names`; `not-modified` when it still is as it was at that ETag. */
  async secrets(
    project: string,
    config: string,
    { etag, names }: { etag?: string; names?: readonly string[] } = {},
  ): Promise<SecretsAnswer | 'not-modified'> {
    checkPlace(project, config);
    const { secrets } = await this.#load();
    const filter = names === undefined ? {} : { secrets: names.join(','), include_managed_secrets: 'false' };
    const send: Transport['send'] = (request) => this.#transport.send({ ...request, query: { ...request.query, ...filter } });
    const { service, last } = observed(secrets, send, etag === undefined ? {} : { 'if-none-match': etag });
    const body = await service.list(project, config);
    const { status, headers } = last();
    if (status === 304) return 'not-modified';
    return { etag: headers.get('etag') ?? undefined, secrets: secretsOf(body, `the secrets of ${project}/${config}`) };
  }

  async names(project: string, config: string): Promise<string[]> {
    checkPlace(project, config);
    const { secrets } = await this.#load();
    const what = `the names of ${project}/${config}`;
    const { names } = fieldsOf(await secrets.names(project, config), what);
    if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) throw malformed(what);
    return names;
  }

  /**
   * All of the changes in one request, or none: each only where its name still holds `was`. Doppler refuses with a text that its
   * documents do not give: who must know whether somebody was faster reads again. Answers the names the config holds afterwards.
   */
  async change(project: string, config: string, changes: readonly GuardedChange[]): Promise<ReadonlySet<string>> {
    checkPlace(project, config);
    const { secrets } = await this.#load();
    // The SDK types neither null as a value nor a list of requests.
    const body = { project, config, change_requests: changes.map(requestOf) } as unknown as Parameters<typeof secrets.update>[0];
    const what = `the write to ${project}/${config}`;
    const answer: unknown = await secrets.update(body);
    try {
      return new Set(Object.keys(fieldsOf(fieldsOf(answer, what)['secrets'], what)));
    } catch (error) {
      throw isDcsError(error) ? malformed(what, 'unknown') : error;
    }
  }

  /** Doppler makes the environments dev, stg and prd with it. */
  async createProject(name: string): Promise<void> {
    checkSlug('project', name);
    const { projects } = await this.#load();
    await projects.create({ name });
  }

  /** With its root config, which bears the slug. */
  async createEnvironment(project: string, slug: string, name: string): Promise<void> {
    checkPlace(project, slug);
    const { environments } = await this.#load();
    await environments.create({ slug, name }, project);
  }

  /** Makes a branch config; Doppler wants its environment's slug in front of the name. */
  async createConfig(project: string, environment: string, name: string): Promise<DopplerConfig> {
    checkPlace(project, name);
    const { configs } = await this.#load();
    const answer: unknown = await configs.create({ project, environment, name });
    return configOf(fieldsOf(fieldsOf(answer, 'the new config')['config'], 'the new config'));
  }

  /** With all it holds. Doppler refuses the root of an environment. */
  async deleteConfig(project: string, config: string): Promise<void> {
    checkPlace(project, config);
    const { configs } = await this.#load();
    await configs.delete({ project, config });
  }

  /** Ids of a config's log, newest first. How far it reaches back depends on the plan (Developer: 3 days). */
  async logIds(project: string, config: string, { page, count }: { page: number; count: number }): Promise<string[]> {
    checkPlace(project, config);
    const { configLogs } = await this.#load();
    const what = `the log of ${project}/${config}`;
    const listed = listOf(await configLogs.list(project, config, { page, perPage: count }), 'logs', what);
    return listed.slice(0, count).map((entry) => textOf(entry, 'id', what));
  }

  async log(project: string, config: string, id: string): Promise<LogEntry> {
    checkPlace(project, config);
    const { configLogs } = await this.#load();
    const what = `the log of ${project}/${config}`;
    return logOf(fieldsOf(fieldsOf(await configLogs.get(project, config, id), what)['log'], what), what);
  }

  /** The newest changes of a config, newest first. */
  async logs(project: string, config: string, count = 5): Promise<LogEntry[]> {
    const ids = await this.logIds(project, config, { page: 1, count });
    return Promise.all(ids.map((id) => this.log(project, config, id)));
  }

  /** Doppler's own syncs that run, of all the workplace that this token may see; asked once. */
  nativeSyncs(): Promise<readonly NativeSync[]> {
    return (this.#nativeSyncs ??= this.#load().then(async ({ integrations }) => nativeSyncsOf(await integrations.list())));
  }

  async webhooks(project: string): Promise<DopplerWebhooks> {
    checkSlug('project', project);
    return webhooksOf((await this.#load()).webhooks, project);
  }

  #load(): Promise<DopplerSDK> {
    return (this.#sdk ??= sdkOver((request) => this.#transport.send(request)));
  }
}

export function createDopplerClient(options: TransportOptions): DopplerClient {
  return new DopplerClient(createTransport(options));
}

function checkPlace(project: string, config: string): void {
  checkSlug('project', project);
  checkSlug('config', config);
}

/** https://docs.doppler.com/reference/secrets-update (last verified 2026-11-21): an original name that is null makes the name. */
function requestOf({ name, was, value }: GuardedChange): Record<string, unknown> {
  return {
    name,
    originalName: was === null ? null : name,
    ...(was === undefined ? {} : { originalValue: was }),
    value,
    ...(value === null ? { shouldDelete: true } : {}),
  };
}

function configOf(item: Readonly<Record<string, unknown>>): DopplerConfig {
  return { name: textOf(item, 'name', 'configs'), environment: textOf(item, 'environment', 'configs'), root: item['root'] === true };
}

function logOf(log: Readonly<Record<string, unknown>>, what: string): LogEntry {
  const user = fieldsOf(log['user'] ?? {}, what);
  const changes = log['diff'] === undefined ? [] : listOf(log, 'diff', what);
  const diff = changes.map((change) => ({
    name: textOf(change, 'name', what),
    removed: side(change, 'removed'),
    added: side(change, 'added'),
  }));
  return {
    id: textOf(log, 'id', what),
    at: textOf(log, 'created_at', what),
    user: optionalText(user, 'name') ?? optionalText(user, 'email') ?? 'unknown',
    names: diff.map(({ name }) => name),
    diff,
  };
}

function side(change: Readonly<Record<string, unknown>>, key: 'added' | 'removed'): Secret | null {
  const value = optionalText(change, key);
  return value === undefined ? null : new Secret(value);
}

const PER_PAGE = 100;
/** Doppler's default page: a page shorter than that is the last one even where `per_page` is capped silently. */
const SHORT = 20;

/** The API tells neither a total nor a next link: the end is a short page, or one that brings nothing new. */
async function pages(key: 'projects' | 'configs', get: (page: number) => Promise<unknown>): Promise<Readonly<Record<string, unknown>>[]> {
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (let page = 1; ; page++) {
    const before = found.size;
    // oxlint-disable-next-line no-await-in-loop -- whether there is a next page shows only in this one
    const items = listOf(await get(page), key, key);
    for (const item of items) found.set(textOf(item, 'name', key), item);
    if (items.length < SHORT || found.size === before) return [...found.values()];
  }
}
