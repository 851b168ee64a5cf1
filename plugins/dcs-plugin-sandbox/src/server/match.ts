import type { Cloud, Route } from './cloud.ts';

export interface Match {
  cloud: Cloud;
  route: Route | undefined;
  params: Record<string, string>;
}

/** The values of the `:name` segments, or undefined when `path` is another one. `:name:verb` asks for a segment that ends in `:verb`. */
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
      const [name = '', verb] = part.slice(1).split(':');
      const rest = verb === undefined ? word : word.slice(0, -verb.length - 1);
      if (rest === '' || (verb !== undefined && word !== `${rest}:${verb}`)) return undefined;
      params[name] = decodeSegment(rest);
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

const full = (cloud: Cloud, route: Route): string =>
  route.bare === true || route.path.startsWith('/_sandbox/') ? route.path : cloud.prefix + route.path;

/** How much a pattern leaves open: a `:name:verb` is closer than a `:name`. */
const openness = (pattern: string): number =>
  pattern
    .split('/')
    .filter((part) => part.startsWith(':'))
    .reduce((sum, part) => sum + (part.includes(':', 1) ? 0.5 : 1), 0);

/** Finds the route; a fixed segment wins over a `:name`. Without one, the cloud with the longest fitting prefix says not found. */
export function match(clouds: readonly Cloud[], method: string, path: string): Match | undefined {
  let best: (Match & { free: number }) | undefined;
  for (const cloud of clouds)
    for (const route of cloud.routes) {
      if (route.method !== method) continue;
      const pattern = full(cloud, route);
      const params = segments(pattern, path);
      if (params === undefined) continue;
      const free = openness(pattern);
      if (best === undefined || free < best.free) best = { cloud, route, params, free };
    }
  if (best !== undefined) return best;
  const owner = clouds
    .filter((cloud) => path.startsWith(cloud.prefix === '' ? '/' : `${cloud.prefix}/`))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
  return owner === undefined ? undefined : { cloud: owner, route: undefined, params: {} };
}
