/** Judges by Google's own format of API descriptions: paths, query names, and the fields and types of bodies. */
export function discovery(file, document) {
  const common = [...Object.keys(document.parameters ?? {}), '$alt'];
  const schemas = document.schemas ?? {};
  const operations = methodsOf(document).map((method) => ({
    path: `/${method.flatPath ?? method.path}`,
    method: method.httpMethod,
    fits: pattern(method.flatPath ?? method.path),
    query: [...common, ...Object.entries(method.parameters ?? {}).flatMap(([name, { location }]) => (location === 'query' ? [name] : []))],
    request: method.request,
    response: method.response,
  }));
  return { file, operations, faults: (schema, value) => faultsOf(schemas, schema, value, 'body') };
}

function methodsOf(resource) {
  return [...Object.values(resource.methods ?? {}), ...Object.values(resource.resources ?? {}).flatMap(methodsOf)];
}

/** `v1/projects/{projectsId}/secrets/{secretsId}:addVersion` */
function pattern(path) {
  const parts = path.split(/\{[^}]+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^/${parts.join('[^/:]+')}$`);
}

const KINDS = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  any: () => true,
};

/** Places and kinds, never a value. */
function faultsOf(schemas, schema, value, at) {
  if (schema === undefined) return [`${at} is not described`];
  if (schema.$ref !== undefined) return faultsOf(schemas, schemas[schema.$ref], value, at);
  if (schema.type === 'array')
    return Array.isArray(value) ? value.flatMap((one) => faultsOf(schemas, schema.items, one, `${at}[]`)) : [`${at} is no array`];
  if (schema.type === 'object') return objectFaults(schemas, schema, value, at);
  if (KINDS[schema.type]?.(value) !== true) return [`${at} is no ${schema.type}`];
  return schema.enum === undefined || schema.enum.includes(value) ? [] : [`${at} is none of the described words`];
}

function objectFaults(schemas, { properties = {}, additionalProperties }, value, at) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
  return Object.entries(value).flatMap(([name, one]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const key = Object.hasOwn(properties, name) || additionalProperties === undefined ? name : '*';
    return faultsOf(schemas, schema, one, `${at}.${key}`);
  });
}
