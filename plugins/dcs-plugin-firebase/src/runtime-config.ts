import { createHmac, randomBytes } from 'node:crypto';
import { DcsError, path as pathOf, Secret, type Held, type Log, type Source } from 'dcs-sdk';
import { asText, pages, type Google, type Json } from 'dcs-plugin-gcp/target';
import { upperSnake } from './names.ts';

/** Google's own entries, not the user's. */
const THEIRS = 'firebase';
/** What the first version of dcs brought there from Doppler. */
const COPIES = 'doppler';

export interface LegacyOptions {
  /** `https://runtimeconfig.googleapis.com` */
  readonly endpoint: string;
  /** Paths to leave out: `stripe.key`. */
  readonly except: ReadonlySet<string>;
  /** For people: what was left out unasked. */
  readonly say: Log;
}

/**
 * What `functions.config()` reads, as a source: `stripe.key` is STRIPE_KEY. The service ends in March 2027:
 * https://firebase.google.com/docs/functions/config-env, last verified 2026-11-21.
 */
export function legacyConfig(google: Google, project: string, { endpoint, except, say }: LegacyOptions): Source {
  const title = `functions.config() of ${project}`;
  const identity = `${endpoint}/${project}/functions.config`;
  // A plain hash of values could be guessed at.
  const key = randomBytes(32);
  return {
    title,
    identity,
    async read() {
      const found = await variables(google, project, title);
      const copies = found.filter(({ path }) => path.startsWith(`${COPIES}.`)).length;
      if (copies > 0) say(`! ${COPIES}.* left out: ${copies} that the first version of dcs brought there from Doppler`);
      const paths = new Map<string, string>();
      const secrets = new Map<string, Held>();
      for (const { path, secret } of found.filter((each) => !each.path.startsWith(`${COPIES}.`) && !except.has(each.path))) {
        const name = upperSnake(path.split('.'));
        const other = paths.get(name);
        if (other !== undefined) throw oneName(name, other, path);
        paths.set(name, path);
        secrets.set(name, { state: 'value', secret });
      }
      const values = JSON.stringify(found.map(({ path, secret }) => [path, secret.reveal()]));
      return { identity, version: createHmac('sha256', key).update(values).digest('hex'), secrets };
    },
  };
}

const oneName = (name: string, one: string, other: string): DcsError =>
  new DcsError('CONFIG', `${one} and ${other} would both become ${name}.`, {
    why: 'One of them would be lost. Nothing was written.',
    hint: [one, other].map((path) => `dcs firebase import-config --except ${path}`),
  });

/** All variables, by the path that `functions.config()` has them under. */
async function variables(google: Google, project: string, title: string): Promise<{ path: string; secret: Secret }[]> {
  const api = google('runtimeconfig');
  const base = `/v1beta1${pathOf`/projects/${project}`}/configs`;
  const configs = (await pages(api, { method: 'GET', path: base, subject: title }, 'configs')).map((item) =>
    lastOf(asText(item['name'], title)),
  );
  const found: { path: string; secret: Secret }[] = [];
  for (const config of configs.filter((each) => each !== THEIRS)) {
    const query = { returnValues: true };
    const call = { method: 'GET', path: `${base}${pathOf`/${config}`}/variables`, query, subject: title } as const;
    for (const item of await pages(api, call, 'variables')) {
      const [, ...rest] = asText(item['name'], title).split('/variables/');
      const path = [config, ...rest.join('/variables/').split('/')].join('.');
      found.push({ path, secret: new Secret(valueOf(item, path)) });
    }
  }
  return found;
}

const lastOf = (name: string): string => name.split('/').at(-1)!;

/** Text, or bytes in base64. */
function valueOf({ text, value }: Json, path: string): string {
  if (typeof text === 'string') return text;
  if (typeof value === 'string') return Buffer.from(value, 'base64').toString('utf8');
  throw new DcsError('TARGET', `The value of ${path} was not told.`, {
    why: 'The credential may lack runtimeconfig.variables.get. Nothing was written.',
  });
}
