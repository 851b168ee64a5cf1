import { defineTarget, oneByOne, Secret, type Entry } from 'dcs-sdk';
import { createApi, defaultEndpoint, type Stored } from './api.ts';
import { keys, options, type Options } from './options.ts';

export default defineTarget<Options>({
  type: 'template',
  title: 'Template Cloud',
  options,
  keys,
  supports: { readable: true, ownership: true, atomic: false, trail: true },
  limits: { batch: 10, valueBytes: 64 * 1024, names: /^[A-Za-z_]\w*$/ },
  credentials: ['TEMPLATE_TOKEN'],
  effect: 'now',
  endpoint: (env) => env['TEMPLATE_API_URL'] ?? defaultEndpoint,
  place: ({ box }) => box,
  connect({ box }, context) {
    const api = createApi(box, context);
    return {
      async identify() {
        const found = await api.box();
        return { id: found.id, title: `box ${found.title} of Template Cloud` };
      },
      async list() {
        return { entries: (await api.secrets()).map(entry) };
      },
      write: oneByOne(
        async ({ action, name, secret, mark }) => {
          const made = await api.put(name, secret.reveal(), action === 'create' ? mark : undefined);
          return { birth: made.id, revision: made.version };
        },
        ({ name }) => api.remove(name),
      ),
    };
  },
});

function entry({ id, name, value, version, mark }: Stored): Entry {
  return { name, value: new Secret(value), birth: id, trail: [{ id: version }], ...(mark === undefined ? {} : { mark }) };
}
