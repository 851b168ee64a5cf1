import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { INHERITED, ODD } from './names.ts';

/** What apps import: of the sources, or with a fault in them. */
export interface Apps {
  readonly index: typeof import('../../../runtime/src/index.ts');
  readonly node: typeof import('../../../runtime/src/node.ts');
  readonly cloudrun: typeof import('../../../runtime/src/cloudrun.ts');
  readonly cloudflare: typeof import('../../../runtime/src/cloudflare.ts');
  readonly firebase: typeof import('../../../runtime/src/firebase.ts');
}

const valueOf = (name: string): string => `value of ${name}`;
/** The names of a request stand between commas. */
const NAMES = ODD.filter((name) => !name.includes(','));

/** A Doppler that holds these names, for as long as `work` takes. */
async function doppler<T>(held: readonly string[], work: (host: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const asked = new URL(request.url!, 'http://x').searchParams.get('secrets')?.split(',') ?? held;
    response.end(JSON.stringify(Object.fromEntries(asked.filter((name) => held.includes(name)).map((name) => [name, valueOf(name)]))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

type Secrets = Readonly<Record<string, string>>;
type Ask = (keys: readonly string[] | undefined) => Promise<Secrets>;

/** Every way in that answers with secrets. */
function waysOf({ index, node, cloudrun, cloudflare, firebase }: Apps, host: string): ReadonlyMap<string, Ask> {
  const options = (keys: readonly string[] | undefined) => ({ host, token: 'one', ttl: 0, ...(keys === undefined ? {} : { keys }) });
  const bound = Object.fromEntries(INHERITED.slice(0, 3).map((name) => [name, valueOf(name)]));
  return new Map<string, Ask>([
    ['getSecrets', (keys) => index.getSecrets(options(keys))],
    ['the node adapter', (keys) => node.getSecrets(options(keys))],
    ['Cloud Run', (keys) => cloudrun.initSecrets(options(keys))],
    ['a callable of Firebase', (keys) => firebase.withSecretsCallable(options(keys), (_: unknown, secrets) => secrets)(undefined)],
    ['a Worker', (keys) => cloudflare.loadSecretsFromEnv({ DOPPLER_TOKEN: 'one' }, options(keys))],
    ['a Worker with bindings', (keys) => cloudflare.loadSecretsFromEnv({ DOPPLER_TOKEN: 'one', ...bound }, options(keys))],
  ]);
}

/** What an app gets of odd names, there and not there. */
export async function inApps(apps: Apps): Promise<{ wrong: readonly string[]; reads: number }> {
  const wrong: string[] = [];
  let reads = 0;
  const is = (what: string, right: boolean): void => {
    reads++;
    if (!right) wrong.push(what);
  };
  await doppler(NAMES, async (host) => {
    for (const [way, ask] of waysOf(apps, host)) {
      const secrets = await ask(NAMES);
      for (const name of NAMES)
        is(`${way}: ${name} is ${String(secrets[name])}`, secrets[name] === valueOf(name) && Object.hasOwn(secrets, name));
      const [one] = NAMES;
      const few = await ask([one!]);
      for (const name of NAMES.slice(1)) is(`${way}: ${name} was not asked for`, !(name in few));
      is(`${way}: more than was asked for`, Object.keys(few).join() === one);
    }
    await inEnvironment(apps, host, is);
  });
  await doppler(['PLAIN'], async (host) => {
    for (const [way, ask] of waysOf(apps, host)) {
      if (way === 'a Worker with bindings') continue;
      for (const name of INHERITED) {
        const said = await ask([name]).then(
          (secrets) => `gave ${typeof secrets[name]}`,
          (error: unknown) => (error as { code?: string }).code,
        );
        is(`${way}: ${name}, which is not there, ${said}`, said === 'MISSING');
      }
    }
    apps.cloudrun.reset();
    await apps.cloudrun.initSecrets({ host, token: 'one' });
    for (const name of INHERITED) {
      is(`getSecret gives ${name}`, apps.cloudrun.getSecret(name) === undefined && !(name in apps.cloudrun.getAllSecrets()));
    }
  });
  apps.cloudrun.reset();
  apps.index.clearSecretsCache();
  return { wrong, reads };
}

/** `loadSecrets` puts them where programs look for them. */
async function inEnvironment({ node }: Apps, host: string, is: (what: string, right: boolean) => void): Promise<void> {
  const before = new Set(Object.keys(process.env));
  const names = NAMES.filter((name) => !before.has(name) && !name.includes('='));
  try {
    await node.loadSecrets({ host, token: 'one', keys: names });
    for (const name of names) is(`the environment's ${name}`, Object.hasOwn(process.env, name) && process.env[name] === valueOf(name));
  } finally {
    for (const name of names) delete process.env[name];
  }
}
