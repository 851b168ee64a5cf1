import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';

const DOPPLER = ['doppler-openapi.json'];
/** The first that knows the operation judges: the newest description of a route comes first. */
const CLOUDFLARE = [
  'cloudflare-secrets-overlay-derived-2026-11.json',
  'cloudflare-cf-cli-0.0.5-operations-subset.json',
  'cloudflare-openapi-2024-08-06-subset.json',
];

/** Gives a judge: request -> {path (a template), source, faults}; no source, no description. Faults name places in a schema, never a value. */
export async function judge(folder) {
  const read = (files) => Promise.all(files.map(async (file) => description(file, JSON.parse(await readFile(join(folder, file), 'utf8')))));
  const clouds = { doppler: await read(DOPPLER), cloudflare: await read(CLOUDFLARE) };
  return (request) => {
    const prefix = '/client/v4';
    const { pathname } = request.url;
    const theirs = pathname.startsWith(prefix);
    const path = theirs ? pathname.slice(prefix.length) : pathname;
    const known = theirs ? clouds.cloudflare : clouds.doppler;
    for (const { file, operations, bodyFaults } of known) {
      const operation = find(operations, request.method, path);
      if (operation === undefined) continue;
      return { path: operation.path, source: file, faults: [...queryFaults(operation, request, known), ...bodyFaults(operation, request)] };
    }
    return { path: anonymous(path), source: undefined, faults: [] };
  };
}

const anonymous = (path) => path.replaceAll(/\b[0-9a-f]{32}\b|[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}');

/** Fixed segments win over `{name}`. */
function find(operations, method, path) {
  const given = path.split('/');
  const fits = operations.filter((operation) => {
    const wanted = operation.path.split('/');
    if (operation.method !== method || wanted.length !== given.length) return false;
    return wanted.every((part, index) => part.startsWith('{') || part === given[index]);
  });
  return fits.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

/** A name is right when any description of this operation has it: the derived one lists bodies, the others queries. */
function queryFaults(operation, request, known) {
  const same = known.flatMap(({ operations }) =>
    operations.filter(({ method, path }) => method === request.method && path === operation.path),
  );
  const allowed = new Set(same.flatMap(({ query }) => query));
  const sent = [...new Set(request.url.searchParams.keys())];
  const missing = operation.required.filter((name) => !sent.includes(name));
  return [
    ...sent.filter((name) => !allowed.has(name)).map((name) => `query name \`${name}\` is not described`),
    ...missing.map((name) => `query name \`${name}\` is required`),
  ];
}

function description(file, document) {
  if (document.operations !== undefined) return listed(file, document);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: file, components: absolute(document.components ?? {}, file) });
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    ['get', 'put', 'post', 'patch', 'delete'].filter((method) => method in item).map((method) => openapi(path, item, method)),
  );
  return { file, operations, bodyFaults: (operation, request) => bodyFaults(ajv, file, operation, request) };
}

function openapi(path, item, method) {
  const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])].filter((parameter) => parameter.in === 'query');
  return {
    path,
    method: method.toUpperCase(),
    query: parameters.map(({ name }) => name),
    required: parameters.filter(({ required }) => required === true).map(({ name }) => name),
    content: item[method].requestBody?.content,
  };
}

/** A list of operations without schemas of bodies: paths and queries only. */
function listed(file, document) {
  const operations = Object.values(document.operations).map(({ path, httpMethod, queryParams }) => ({
    path,
    method: httpMethod,
    query: queryParams.map(({ name }) => name),
    required: queryParams.filter(({ required }) => required).map(({ name }) => name),
  }));
  return { file, operations, bodyFaults: () => [] };
}

function bodyFaults(ajv, file, { content }, request) {
  if (content === undefined) return request.body === '' ? [] : ['a body is sent, and none is described'];
  const type = request.type?.split(';')[0] ?? '';
  const schema = content[type]?.schema;
  if (schema === undefined) return [`content-type \`${type}\` is not described`];
  const validate = ajv.compile(absolute(schema, file));
  if (validate(JSON.parse(request.body))) return [];
  return validate.errors.map(({ schemaPath, keyword }) => `body: ${keyword} at ${schemaPath.replaceAll('|', '/')}`);
}

/** `nullable` of OpenAPI 3.0 is said in JSON Schema's way, and references are found in the added document. */
function absolute(schema, file) {
  if (Array.isArray(schema)) return schema.map((one) => absolute(one, file));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [key, `${file}${value}`] : [key, absolute(value, file)],
  );
  const { nullable, ...plain } = Object.fromEntries(entries);
  return nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
}
