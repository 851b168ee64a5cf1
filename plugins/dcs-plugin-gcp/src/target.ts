import { DcsError, defineTarget, type Context, type Target } from 'dcs-sdk';
import { openGoogle, type Google } from './api.ts';
import { CREDENTIALS } from './auth.ts';
import { connectBundle } from './bundle.ts';
import { endpointOf } from './endpoints.ts';
import { idOf, nameOf, refusedName } from './naming.ts';
import { gcpFields, gcpSchema, type GcpOptions } from './options.ts';
import { vendorPace, type Pace } from './pace.ts';
import { identify, placeOf } from './place.ts';
import { secretsApi, type SecretsApi, type Stored } from './secrets-api.ts';
import { entryOf, look, type Memory, type Seen } from './sight.ts';
import { writeEach } from './write.ts';

export default defineTarget<GcpOptions>({
  type: 'gcp',
  title: 'Google Secret Manager',
  options: gcpSchema,
  keys: Object.keys(gcpFields),
  supports: { readable: true, ownership: true, atomic: false, trail: true },
  // https://cloud.google.com/secret-manager/quotas, last verified 2026-11-21. An empty payload is refused.
  limits: { batch: 500, valueBytes: 65_536, names: /^[A-Za-z0-9_-]{1,255}$/, empty: false },
  credentials: CREDENTIALS,
  service: 'google',
  effect: 'now',
  // https://docs.doppler.com/docs/gcp-secret-manager (last verified 2026-11-21).
  nativeSyncs: ['gcp_secret_manager'],
  endpoint: (env) => endpointOf('secretmanager', env),
  place: placeOf,
  check: (name, _secret, options) => (options === undefined ? undefined : refusedName(name, options)),
  connect: (options, context) => connectSecrets(options, context),
});

/** What a target on Secret Manager may set besides its options. */
export interface Manner {
  readonly pace?: Pace;
  /** Default: the credential that Google's own rules find. */
  readonly google?: Google;
  /** Labels of a new secret. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Why a secret that stands there is not to be written. */
  readonly locked?: (secret: Stored) => string | undefined;
}

/** One secret a name, or all in one. Published for targets whose secrets live in Secret Manager. */
export function connectSecrets(options: GcpOptions, context: Context, manner: Manner = {}): Target {
  const { pace = vendorPace, google = openGoogle(context) } = manner;
  const api = secretsApi(google, options);
  return options.mode === 'bundle' ? connectBundle(api, options, pace, context) : connectEach(api, options, { ...manner, pace }, context);
}

function connectEach(api: SecretsApi, options: GcpOptions, manner: Manner & { pace: Pace }, { signal, log }: Context): Target {
  const memory: Memory = { wrote: new Map(), removed: new Set() };
  let seen = new Map<string, Seen>();
  return {
    identify: () => identify(api, options),
    async list(since) {
      const found = await look(api, (id) => nameOf(id, options) !== undefined, since, memory);
      seen = new Map(found.map((each) => [each.secret.id, each]));
      const entries = found.map((each) => {
        const { name, made } = nameOf(each.secret.id, options)!;
        const strange = made ? undefined : `its id is none that case: ${options.case} makes`;
        return entryOf(each, name, strange ?? manner.locked?.(each.secret));
      });
      return { entries };
    },
    write: (changes) =>
      writeEach(
        changes,
        (name) => idIn(name, options),
        {
          api,
          pace: manner.pace,
          project: options.project_id,
          keep: options.keep_versions ?? Number.POSITIVE_INFINITY,
          ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
          ...(manner.labels === undefined ? {} : { labels: manner.labels }),
          log,
          seen: (id) => seen.get(id),
          wrote: (secret, version) => {
            memory.wrote.set(secret.id, version);
            memory.removed.delete(secret.id);
            seen.set(secret.id, { secret, newest: { version, state: 'ENABLED' } });
          },
          removed: (id) => {
            memory.removed.add(id);
            memory.wrote.delete(id);
            seen.delete(id);
          },
        },
        signal,
      ),
  };
}

/** A name whose id another name has, too, is not written, whatever the plan says. */
function idIn(name: string, options: GcpOptions): string {
  const refused = refusedName(name, options);
  if (refused !== undefined) throw new DcsError('TARGET', `${name} has no id of its own: ${refused}.`);
  return idOf(name, options);
}

export { ACCESSOR, accessOf } from './access.ts';
export { asList, asText, isJson, openGoogle, pages, type Api, type Google, type Json } from './api.ts';
export { CREDENTIALS } from './auth.ts';
export { each } from './batch.ts';
export { endpointOf } from './endpoints.ts';
export { keptByDcs } from './marks.ts';
export { finished } from './operations.ts';
export { type Pace } from './pace.ts';
export { enableApis, grantAccess, roles } from './provision.ts';
export { secretsApi, type SecretsApi, type Stored } from './secrets-api.ts';
export { project, schema, type Fields, type GcpOptions } from './options.ts';
