import { asList, asText, each, finished, isJson, pages, type Api, type Google, type Json } from 'dcs-plugin-gcp/target';
import { DcsError, isDcsError, path } from 'dcs-sdk';

/** A deployed function, as far as its secrets go. */
export interface Deployed {
  /** `projects/shop/locations/europe-west3/functions/api` */
  readonly name: string;
  /** `api (europe-west3)` */
  readonly title: string;
  readonly generation: 1 | 2;
  /** Its secret variables, as the API has them. */
  readonly secrets: readonly Json[];
}

export interface Functions {
  readonly deployed: readonly Deployed[];
  /** Why some or all are not known, or undefined. */
  readonly unknown: string | undefined;
}

/** A function's secret variable that is held at one version. */
export interface Pin {
  readonly fn: Deployed;
  readonly id: string;
  readonly version: number;
}

const AT_A_TIME = 4;

/** Functions of both generations: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/list, last verified 2026-11-21. */
export async function deployedFunctions(google: Google, project: string): Promise<Functions> {
  const subject = `the functions of project '${project}'`;
  const api = google('cloudfunctions');
  const silent = new Set<string>();
  const watched: Api = async (call) => {
    const answer = await api(call);
    if (Array.isArray(answer['unreachable'])) for (const place of answer['unreachable']) silent.add(String(place).split('/').at(-1)!);
    return answer;
  };
  try {
    const call = {
      method: 'GET',
      path: `/v2${path`/projects/${project}`}/locations/-/functions`,
      query: { pageSize: 500 },
      subject,
    } as const;
    const found = (await pages(watched, call, 'functions')).map((item) => deployedOf(item, subject));
    const deployed = found.toSorted((a, b) => (a.title < b.title ? -1 : 1));
    return { deployed, unknown: silent.size === 0 ? undefined : `${[...silent].join(', ')} did not answer` };
  } catch (error) {
    if (!isDcsError(error)) throw error;
    if (error.details.vendorCode === 'SERVICE_DISABLED') return { deployed: [], unknown: undefined }; // none can be there
    if (error.details.status === 403) return { deployed: [], unknown: 'you have no right to list functions (roles/cloudfunctions.viewer)' };
    throw error;
  }
}

function deployedOf(item: Json, subject: string): Deployed {
  const name = asText(item['name'], subject);
  const [, location, id] = /\/locations\/([^/]+)\/functions\/([^/]+)$/.exec(name) ?? [];
  const config = isJson(item['serviceConfig']) ? item['serviceConfig'] : {};
  return {
    name,
    title: `${id} (${location})`,
    generation: item['environment'] === 'GEN_1' ? 1 : 2,
    secrets: asList(config['secretEnvironmentVariables'], subject),
  };
}

/** `mine`: ids and numbers of the project whose secrets are meant. */
export function pinsOf({ deployed }: Functions, mine: ReadonlySet<string>): Pin[] {
  return deployed.flatMap((fn) => fn.secrets.flatMap((item) => pinOf(fn, item, mine) ?? []));
}

function pinOf(fn: Deployed, { secret, projectId, version }: Json, mine: ReadonlySet<string>): Pin | undefined {
  if (typeof secret !== 'string' || typeof version !== 'string' || !/^\d+$/.test(version)) return undefined;
  const [, owner = projectId, id = secret] = /^projects\/([^/]+)\/secrets\/([^/]+)$/.exec(secret) ?? [];
  const here = typeof owner !== 'string' || owner === '' || mine.has(owner);
  return here ? { fn, id, version: Number(version) } : undefined;
}

/** Pins that are behind the newest version of their secret. */
export const behind = (pins: readonly Pin[], newest: ReadonlyMap<string, number>): Pin[] =>
  pins.filter(({ id, version }) => version < (newest.get(id) ?? 0));

/** Deploys each function anew with the newest versions in place of those pins, some at a time, and waits for all. Answers their titles. */
export async function rebind(
  google: Google,
  pins: readonly Pin[],
  newest: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<string[]> {
  const done: string[] = [];
  const failed: { readonly title: string; readonly error: DcsError }[] = [];
  await each(
    [...Map.groupBy(pins, ({ fn }) => fn)],
    async ([fn, own]) => {
      try {
        await deploy(google, fn, new Set(own.map(({ id }) => id)), newest, signal);
        done.push(fn.title);
      } catch (error) {
        if (!isDcsError(error) || error.code === 'INTERRUPTED') throw error;
        failed.push({ title: fn.title, error });
      }
    },
    AT_A_TIME,
  );
  const [first] = failed;
  if (first === undefined) return done;
  throw new DcsError(first.error.code, `${failed.map(({ title }) => title).join(', ')}: not redeployed.`, {
    ...first.error.details,
    why: `${first.error.message} ${done.length === 0 ? 'The secrets are written' : `${done.join(', ')} were redeployed; the secrets are written`}, and what is not redeployed serves the old versions.`,
    hint: failed.map(({ title }) => `firebase deploy --only functions:${title.split(' ')[0]}`),
  });
}

async function deploy(
  google: Google,
  { name, title, generation, secrets }: Deployed,
  ids: ReadonlySet<string>,
  newest: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const api = google('cloudfunctions');
  const subject = `function ${title}`;
  const moved = secrets.map((item) => {
    const id = String(item['secret']).split('/').at(-1)!;
    const to = ids.has(id) && /^\d+$/.test(String(item['version'])) ? newest.get(id) : undefined;
    return to === undefined ? item : { ...item, version: String(to) };
  });
  // The first generation is written by the first version of the API only.
  const [below, field, body] =
    generation === 1
      ? ['/v1/', 'secretEnvironmentVariables', { name, secretEnvironmentVariables: moved }]
      : ['/v2/', 'serviceConfig.secretEnvironmentVariables', { name, serviceConfig: { secretEnvironmentVariables: moved } }];
  // Deploying the same once more is harmless, but takes minutes.
  const started = await api({ method: 'PATCH', path: `${below}${name}`, query: { updateMask: field }, body, subject, idempotent: false });
  await finished(started, { api, below, subject, signal });
}

/** The project's number, by which functions may name it, from what any of its secrets is called. Fails where they may not be listed. */
export async function namesOfProject(google: Google, project: string): Promise<Set<string>> {
  const subject = `the secrets of project '${project}'`;
  const call = { method: 'GET', path: `/v1${path`/projects/${project}`}/secrets`, query: { pageSize: 1 }, subject } as const;
  const [first] = asList((await google('secretmanager')(call))['secrets'], subject);
  const number = isJson(first) ? /^projects\/(\d+)\//.exec(asText(first['name'], subject))?.[1] : undefined;
  return new Set(number === undefined ? [project] : [project, number]);
}
