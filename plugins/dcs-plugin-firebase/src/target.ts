import { DcsError, defineTarget, type Context, type Entry, type Target } from 'dcs-sdk';
import { connectSecrets, CREDENTIALS, endpointOf, openGoogle, type Google, type Manner, type Stored } from 'dcs-plugin-gcp/target';
import { behind, deployedFunctions, namesOfProject, pinsOf, rebind, type Functions, type Pin } from './functions.ts';
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
  service: 'google',
  effect: 'redeploy',
  nativeSyncs: ['gcp_secret_manager'], // its secrets lie there
  local: { file: 'functions/.secret.local', format: 'firebase' },
  endpoint: (env) => endpointOf('secretmanager', env),
  place: ({ project_id }) => project_id,
  connect: (options, context) => connectFirebase(options, context),
});

/** Secrets of `defineSecret`: Secret Manager, and the functions that pin its versions. */
export function connectFirebase(
  { project_id, firebase_managed }: FirebaseOptions,
  context: Context,
  { pace, google = openGoogle(context) }: Pick<Manner, 'pace'> & { google?: Google } = {},
): Target {
  const secrets = connectSecrets({ project_id }, context, {
    google,
    ...(pace === undefined ? {} : { pace }),
    // The CLI destroys old versions of what it manages: its label is left alone unless asked for.
    labels: { 'managed-by': 'dcs', ...(firebase_managed ? { 'firebase-managed': 'functions' } : {}) },
    locked,
  });
  let newest: ReadonlyMap<string, number> | undefined;
  const list: Target['list'] = async (since) => {
    const listing = await secrets.list(since);
    newest = newestOf(listing.entries);
    return listing;
  };
  const look = async (): Promise<{ functions: Functions; pins: readonly Pin[] }> => {
    const mine = await namesOfProject(google, project_id);
    const functions = await deployedFunctions(google, project_id);
    return { functions, pins: pinsOf(functions, mine) };
  };
  return {
    async identify() {
      const { functions, pins } = await look();
      const waits = pins.length > 0 || functions.unknown !== undefined;
      return {
        id: project_id,
        title: `Firebase project ${project_id}`,
        notes: keeping(pins),
        ...(waits ? {} : { effect: 'next-deploy' as const }),
      };
    },
    list,
    write: (changes) => secrets.write(changes),
    async undeployed() {
      const { functions, pins } = await look();
      if (newest === undefined) await list(new Set());
      const unknown = functions.unknown === undefined ? [] : [`functions that are not known: ${functions.unknown}`];
      return [...unknown, ...shown(behind(pins, newest!), newest!)];
    },
    async redeploy() {
      await list(new Set());
      const { functions, pins } = await look();
      if (functions.unknown !== undefined)
        throw new DcsError('TARGET', `Not all functions of project '${project_id}' are known.`, {
          why: `${functions.unknown}. The secrets are written; no function was redeployed.`,
          hint: 'firebase deploy --only functions',
        });
      const done = await rebind(google, behind(pins, newest!), newest!, context.signal);
      return { title: done.length === 0 ? 'no deployed function pins an older version' : `live in ${done.join(', ')}` };
    },
  };
}

/** Of what dcs wrote as `defineSecret` names it: what others, and other targets, keep in the project is not to move. A disabled version is none to move to. */
function newestOf(entries: readonly Entry[]): Map<string, number> {
  return new Map(
    entries.flatMap(({ name, mark, trail }) => {
      const version = mark === undefined || !NAMES.test(name) ? undefined : /@(\d+)$/.exec(trail?.[0]?.id ?? '')?.[1];
      return version === undefined ? [] : [[name, Number(version)] as const];
    }),
  );
}

const shown = (old: readonly Pin[], newest: ReadonlyMap<string, number>): string[] =>
  [...Map.groupBy(old, ({ fn }) => fn)].map(
    ([{ title }, pins]) => `function ${title}: ${pins.map(({ id, version }) => `${id} ${version} (newest ${newest.get(id)})`).join(', ')}`,
  );

const FEW = 6;

function keeping(pins: readonly Pin[]): string[] {
  const titles = [...new Set(pins.map(({ fn }) => fn.title))];
  if (titles.length === 0) return [];
  const named = titles.length <= FEW ? titles.join(', ') : `${titles.slice(0, FEW).join(', ')} and ${titles.length - FEW} more`;
  return [`versions stay as they were deployed, until a redeploy, in ${named}`];
}

function locked({ labels }: Stored): string | undefined {
  return labels.get('firebase-managed') === 'apphosting' ? 'App Hosting manages this secret' : undefined;
}
