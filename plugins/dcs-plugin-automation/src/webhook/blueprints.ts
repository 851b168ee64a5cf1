import { readFile } from 'node:fs/promises';

/** Where a deployed receiver may run, and what it may trigger. */
export const PLATFORMS = ['express', 'cloudflare', 'firebase', 'cloudrun'] as const;
export type Platform = (typeof PLATFORMS)[number];
export const WAYS = ['github', 'queue', 'receiver'] as const;
export type Way = (typeof WAYS)[number];

type Words = Readonly<Record<string, string>>;

const read = (name: string): Promise<string> => readFile(new URL(`../../blueprints/${name}`, import.meta.url), 'utf8');

/** TypeScript of a receiver. `configs`: Doppler's `project/config` to the environment's name. */
export async function blueprint(platform: Platform, way: Way, configs: Words): Promise<string> {
  const [text, triggers] = await Promise.all([read(`${platform}.txt`), read('triggers.json')]);
  const words = (JSON.parse(triggers) as Record<string, Record<Way, Words>>)[platform === 'cloudflare' ? 'cloudflare' : 'node']![way];
  const all = new Map([...Object.entries(words), ['configs', JSON.stringify(configs, undefined, 2)]]);
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, word: string) => all.get(word)!);
}
