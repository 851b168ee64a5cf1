import { camel, invalid, isObject, type Json } from './envelope.ts';

/** The paths of `updateMask`, in camel case; undefined when the caller sent none. */
export function maskOf(query: URLSearchParams): string[][] | undefined {
  const mask = query.get('updateMask') ?? query.get('update_mask') ?? '';
  const paths = mask.split(',').map((path) => camel(path.trim()));
  return mask === '' || mask === '*' ? undefined : paths.map((path) => path.split('.'));
}

function copied(target: Json, source: unknown, [first = '', ...rest]: readonly string[]): Json {
  const sent = isObject(source) && Object.hasOwn(source, first) ? source[first] : undefined;
  if (rest.length > 0) {
    const inner = isObject(target[first]) ? target[first] : {};
    return { ...target, [first]: copied(inner, sent, rest) };
  }
  const { [first]: _old, ...others } = target;
  return sent === undefined ? others : { ...others, [first]: sent };
}

/** `current` with what `mask` names taken from `body`; without a mask everything writable is replaced. */
export function merged(current: Json, body: Json, mask: string[][] | undefined, writable: readonly string[]): Json {
  const paths = mask ?? writable.map((field) => [field]);
  return paths.reduce((next, path) => {
    if (!writable.includes(path[0] ?? '')) throw invalid(`The update mask path '${path.join('.')}' is unknown or read-only.`);
    return copied(next, body, path);
  }, current);
}
