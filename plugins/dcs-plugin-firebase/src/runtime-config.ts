import { DcsError, Secret, type Held, type Source } from 'dcs-sdk';
import { asList, asText, pages, type Google } from 'dcs-plugin-gcp/target';
import { upperSnake } from './names.ts';

/** Google's own entries, not the user's. */
const THEIRS = 'firebase';

/**
 * What `functions.config()` reads, as a source: `stripe.key` is STRIPE_KEY. The service ends in March 2027:
 * https://firebase.google.com/docs/functions/config-env, last verified 2026-11-21.
 */
export function legacyConfig(google: Google, project: string, endpoint: string): Source {
  const title = `functions.config() of ${project}`;
  const identity = `${endpoint}/${project}/functions.config`;
  return {
    title,
    identity,
    async read() {
      const api = google('runtimeconfig');
      const base = `/v1beta1/projects/${encodeURIComponent(project)}/configs`;
      const configs = (await pages(api, { method: 'GET', path: base, subject: title }, 'configs')).map((item) =>
        asText(item['name'], title).split('/').at(-1)!,
      );
      const secrets = new Map<string, Held>();
      const paths = new Map<string, string>();
      for (const config of configs.filter((each) => each !== THEIRS)) {
        const call = {
          method: 'GET',
          path: `${base}/${encodeURIComponent(config)}/variables`,
          query: { returnValues: true },
          subject: title,
        } as const;
        for (const item of asList(await pages(api, call, 'variables'), title)) {
          const path = [config, ...asText(item['name'], title).split('/variables/').slice(1).join('/variables/').split('/')];
          const name = upperSnake(path);
          const other = paths.get(name);
          if (other !== undefined)
            throw new DcsError('CONFIG', `${other} and ${path.join('.')} would both become ${name}.`, {
              why: 'One of them would be lost. Nothing was written.',
              hint: `firebase functions:config:unset ${path.join('.')}`,
            });
          paths.set(name, path.join('.'));
          secrets.set(name, { state: 'value', secret: new Secret(valueOf(item, path.join('.'))) });
        }
      }
      return { identity, version: String(secrets.size), secrets };
    },
  };
}

/** Text, or bytes in base64. */
function valueOf(item: Readonly<Record<string, unknown>>, path: string): string {
  const { text, value } = item;
  if (typeof text === 'string') return text;
  if (typeof value === 'string') return Buffer.from(value, 'base64').toString('utf8');
  throw new DcsError('TARGET', `The value of ${path} was not told.`, {
    why: 'The credential may lack runtimeconfig.variables.get. Nothing was written.',
  });
}
