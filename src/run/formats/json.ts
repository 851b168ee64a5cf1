import type { Format } from './format.ts';

export const json: Format = {
  title: 'one JSON object',
  refuses: () => undefined,
  render: (entries) => `${JSON.stringify(Object.fromEntries(entries.map(({ name, value }) => [name, value])), undefined, 2)}\n`,
};
