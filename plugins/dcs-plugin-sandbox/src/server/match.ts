import type { Cloud, Route } from './cloud.ts';

export interface Match {
  cloud: Cloud;
  route: Route | undefined;
  params: Record<string, string>;
}

/** The values of the `:name` segments, or undefined when `path` is another one. */
export function segments(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const word = given[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== word) return undefined;
    } else {
      if (word === '') return undefined;
      params[part.slice(1)] = decodeSegment(word);
    }
  }
  return params;
}

function decodeSegment(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch (error) {
    if (error instanceof URIError) return word;
    throw error;
  }
}

const full = (cloud: Cloud, route: Route): string => (route.path.startsWith('/_sandbox/') ? route.path : cloud.prefix + route.path);

/** Finds the route; a fixed segment wins over a `:name`. Without one, the cloud with the longest fitting prefix says not found. */
export function match(clouds: readonly Cloud[], method: string, path: string): Match | undefined {
  let best: (Match & { free: number }) | undefined;
  for (const cloud of clouds)
    for (const route of cloud.routes) {
      if (route.method !== method) continue;
      const params = segments(full(cloud, route), path);
      if (params === undefined) continue;
      const free = Object.keys(params).length;
      if (best === undefined || free < best.free) best = { cloud, route, params, free };
    }
  if (best !== undefined) return best;
  const owner = clouds
    .filter((cloud) => path.startsWith(cloud.prefix === '' ? '/' : `${cloud.prefix}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
  return owner === undefined ? undefined : { cloud: owner, route: undefined, params: {} };
}
