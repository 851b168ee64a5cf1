import { DcsError } from 'dcs-sdk';
import { asList, asText, finished, isJson, pages, type Api, type Google, type Json } from 'dcs-plugin-gcp/target';

/** A secret that a deployed function reads, at the version it was deployed with. */
export interface Pin {
  readonly key: string;
  readonly secret: string;
  readonly version: string;
}

export interface DeployedFunction {
  /** `projects/.../functions/api` */
  readonly name: string;
  readonly id: string;
  readonly generation: 1 | 2;
  readonly pins: readonly Pin[];
  readonly raw: readonly Json[];
}

const idIn = (name: string): string => name.split('/').at(-1)!;

/** The deployed functions of both generations that read secrets of this project. */
export async function deployedFunctions(google: Google, project: string): Promise<DeployedFunction[]> {
  const subject = `the functions of project '${project}'`;
  const call = {
    method: 'GET',
    path: `/v2/projects/${encodeURIComponent(project)}/locations/-/functions`,
    query: { pageSize: 1000 },
    subject,
  } as const;
  const found = await pages(google('cloudfunctions'), call, 'functions');
  return found.flatMap((item) => {
    const config = isJson(item['serviceConfig']) ? item['serviceConfig'] : {};
    const raw = asList(config['secretEnvironmentVariables'], subject);
    const name = asText(item['name'], subject);
    const pins = raw
      .filter(
        ({ projectId }) => projectId === undefined || projectId === '' || projectId === project || /^\d+$/.test(asText(projectId, subject)),
      )
      .map((each) => ({
        key: asText(each['key'], subject),
        secret: idIn(asText(each['secret'], subject)),
        version: asText(each['version'] ?? 'latest', subject),
      }));
    return pins.length === 0 ? [] : [{ name, id: idIn(name), generation: item['environment'] === 'GEN_1' ? 1 : 2, pins, raw }];
  });
}

/** Pins that are older than the secret's newest version. */
export function oldPins({ pins }: DeployedFunction, newest: ReadonlyMap<string, number>): Pin[] {
  return pins.filter(({ secret, version }) => /^\d+$/.test(version) && Number(version) < (newest.get(secret) ?? 0));
}

/** Deploys the function with the newest versions of its secrets, all else as it is, and waits until it serves. */
export async function rebind(
  google: Google,
  fn: DeployedFunction,
  newest: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const subject = `function ${fn.id}`;
  const old = new Set(oldPins(fn, newest).map(({ key }) => key));
  const secretEnvironmentVariables = fn.raw.map((each) =>
    old.has(String(each['key'])) ? { ...each, version: String(newest.get(idIn(asText(each['secret'], subject)))) } : each,
  );
  const api = google('cloudfunctions');
  const started = await patch(api, fn, secretEnvironmentVariables, subject);
  try {
    await finished(started, { api, below: fn.generation === 1 ? '/v1/' : '/v2/', subject, signal });
  } catch (error) {
    if (error instanceof DcsError && error.code === 'TARGET')
      throw new DcsError('TARGET', error.message, { ...error.details, hint: `firebase deploy --only functions:${fn.id}` });
    throw error;
  }
}

function patch(
  api: Api,
  { name, generation }: DeployedFunction,
  secretEnvironmentVariables: readonly Json[],
  subject: string,
): Promise<Json> {
  const [version, updateMask, body] =
    generation === 1
      ? ['v1', 'secretEnvironmentVariables', { secretEnvironmentVariables }]
      : ['v2', 'serviceConfig.secretEnvironmentVariables', { serviceConfig: { secretEnvironmentVariables } }];
  return api({ method: 'PATCH', path: `/${version}/${name}`, query: { updateMask }, body, subject, idempotent: false });
}
