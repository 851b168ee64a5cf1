import { defineTarget, type Context, type Target } from 'dcs-sdk';
import {
  connectSecrets,
  CREDENTIALS,
  endpointOf,
  openGoogle,
  secretsApi,
  type Google,
  type Manner,
  type Stored,
} from 'dcs-plugin-gcp/target';
import { deployedFunctions, oldPins, rebind, type DeployedFunction } from './functions.ts';
import { NAMES, RESERVED } from './names.ts';
import { firebaseFields, firebaseSchema, type FirebaseOptions } from './options.ts';

export default defineTarget<FirebaseOptions>({
  type: 'firebase',
  title: 'Firebase',
  options: firebaseSchema,
  keys: Object.keys(firebaseFields),
  supports: { readable: true, ownership: true, atomic: false, trail: true },
  // https://cloud.google.com/secret-manager/quotas, last verified 2026-11-21.
  limits: { batch: 500, valueBytes: 65_536, names: NAMES, reserved: RESERVED, empty: false },
  credentials: CREDENTIALS,
  effect: 'redeploy',
  local: { file: 'functions/.secret.local', format: 'dotenv' },
  endpoint: (env) => endpointOf('secretmanager', env),
  place: ({ project_id }) => project_id,
  connect: (options, context) => connectFirebase(options, context),
});

/** Secrets of `defineSecret`: Secret Manager, and the functions that pin its versions. */
export function connectFirebase(
  options: FirebaseOptions,
  context: Context,
  { pace, google = openGoogle(context) }: Pick<Manner, 'pace'> & { google?: Google } = {},
): Target {
  const { project_id } = options;
  const base = connectSecrets({ project_id }, context, {
    ...(pace === undefined ? {} : { pace }),
    // The CLI destroys old versions of what it manages: its label is left alone unless asked for.
    labels: { 'managed-by': 'dcs', ...(options.firebase_managed ? { 'firebase-managed': 'functions' } : {}) },
    locked,
  });
  /** The newest version of each secret that deployed functions read. */
  const newestOf = async (functions: readonly DeployedFunction[]): Promise<ReadonlyMap<string, number>> => {
    const ids = new Set(functions.flatMap(({ pins }) => pins.map(({ secret }) => secret)));
    const found = await secretsApi(google, { project_id }).newest(new Map([...ids].map((id) => [id, undefined])));
    return new Map(
      [...found].flatMap(([id, newest]) => (newest === undefined || newest.state !== 'ENABLED' ? [] : [[id, newest.version] as const])),
    );
  };
  return {
    ...base,
    async identify() {
      const identity = await base.identify();
      const readers = (await deployedFunctions(google, project_id)).map(
        ({ id, pins }) => `function ${id} keeps the versions it was deployed with: ${shown(pins)}`,
      );
      return { id: identity.id, title: `Firebase project ${project_id}`, notes: readers };
    },
    async undeployed() {
      const functions = await deployedFunctions(google, project_id);
      const newest = await newestOf(functions);
      return functions.flatMap((fn) => {
        const old = oldPins(fn, newest);
        return old.length === 0
          ? []
          : [`function ${fn.id}: ${old.map(({ secret, version }) => `${secret} ${version} (newest ${newest.get(secret)})`).join(', ')}`];
      });
    },
    async redeploy() {
      const functions = await deployedFunctions(google, project_id);
      const newest = await newestOf(functions);
      const behind = functions.filter((fn) => oldPins(fn, newest).length > 0);
      const ended = await Promise.allSettled(behind.map((fn) => rebind(google, fn, newest, context.signal)));
      const failed = ended.find((each) => each.status === 'rejected');
      if (failed) throw failed.reason;
      return {
        title: behind.length === 0 ? 'no deployed function pins an older version' : `live in ${behind.map(({ id }) => id).join(', ')}`,
      };
    },
  };
}

const shown = (pins: DeployedFunction['pins']): string => pins.map(({ secret, version }) => `${secret} ${version}`).join(', ');

function locked({ labels }: Stored): string | undefined {
  return labels.get('firebase-managed') === 'apphosting' ? 'App Hosting manages this secret' : undefined;
}
