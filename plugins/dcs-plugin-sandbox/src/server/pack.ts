const MAP = '@map';

/** Maps as `{"@map": [[key, value]]}`: names such as `__proto__` must survive a round trip through JSON. */
export function pack(value: unknown): unknown {
  if (value instanceof Map) return { [MAP]: [...value].map(([key, inner]) => [key, pack(inner)]) };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, pack(inner)]));
}

export function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  if (MAP in value && Array.isArray(value[MAP])) return new Map(value[MAP].map(([key, inner]: [string, unknown]) => [key, unpack(inner)]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpack(inner)]));
}
