import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { discovery } from './discovery.mjs';

const DOPPLER = ['doppler-openapi.json'];
const NEON = ['neon-openapi-v2.yaml'];
/** The first that knows the operation judges: the newest description of a route comes first. */
const CLOUDFLARE = [
  'cloudflare-secrets-overlay-derived-2026-11.json',
  'cloudflare-cf-cli-0.0.5-operations-subset.json',
  'cloudflare-openapi-2024-08-06-subset.json',
];

/** By the API's name in the sandbox's paths. */
const GOOGLE = {
  secretmanager: 'google-discovery-secretmanager-v1.json',
  run: 'google-discovery-run-v2.json',
  cloudfunctions: 'google-discovery-cloudfunctions-v2.json',
  iam: 'google-discovery-iam-v1.json',
  firebaseapphosting: 'google-discovery-firebaseapphosting-v1.json',
};

/** Gives a judge: request -> {path (a template), source, faults}; no source, no description. Faults name places in a schema, never a value. */
export async function judge(folder) {
  const read = (files) => Promise.all(files.map(async (file) => description(file, parse(await readFile(join(folder, file), 'utf8')))));
  const clouds = [
    { prefix: '/client/v4', known: await read(CLOUDFLARE) },
    { prefix: '/api/v2', known: await read(NEON) },
    { prefix: '', known: await read(DOPPLER) },
  ];
  const byApi = Object.fromEntries(
    await Promise.all(
      Object.entries(GOOGLE).map(async ([api, file]) => [api, discovery(file, JSON.parse(await readFile(join(folder, file), 'utf8')))]),
    ),
  );
  return (request) => {
    const google = googlePath(request.url.pathname);
    if (google !== undefined) return googleVerdict(byApi, google, request);
    const { pathname } = request.url;
    const { prefix, known } = clouds.find((cloud) => pathname.startsWith(cloud.prefix));
    const path = pathname.slice(prefix.length);
    for (const { file, operations, bodyFaults } of known) {
      const operation = find(operations, request.method, path);
      if (operation === undefined) continue;
      return {
        path: `${prefix}${operation.path}`,
        source: file,
        faults: [...queryFaults(operation, request, known), ...bodyFaults(operation, request)],
      };
    }
    return { path: anonymous(pathname), source: undefined, faults: [] };
  };
}

/** What Google's clients ask at the root of the sandbox, where no API's name is in the path. */
const AT_ROOT = [
  [/^\/v1\/projects\/[^/]+\/(locations\/[^/]+\/)?secrets(\/|$|\?)/, 'secretmanager'],
  [/^\/v2\/projects\/[^/]+\/locations\/[^/]+\/(services|jobs|operations)(\/|$)/, 'run'],
];

function googlePath(pathname) {
  const [, api, rest] = /^\/google\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  if (api !== undefined) return { api, path: rest };
  const named = AT_ROOT.find(([shape]) => shape.test(pathname));
  return named === undefined ? undefined : { api: named[1], path: pathname };
}

/** Google describes answers too: they are held against it as well. */
function googleVerdict(byApi, { api, path }, { method, url, body, answer }) {
  const known = byApi[api];
  const operation = known?.operations.find((one) => one.method === method && one.fits.test(path));
  if (operation === undefined) return { path: `/google/${api}${anonymous(path)}`, source: undefined, faults: [] };
  const { request, response, query } = operation;
  return {
    path: operation.path,
    source: known.file,
    faults: [
      ...[...url.searchParams.keys()].filter((name) => !query.includes(name)).map((name) => `query name \`${name}\` is not described`),
      ...(body === '' ? [] : known.faults(request, JSON.parse(body)).map((fault) => `request: ${fault}`)),
      ...(answer?.status === 200 ? known.faults(response, JSON.parse(answer.body)).map((fault) => `answer: ${fault}`) : []),
    ],
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
    ['get', 'put', 'post', 'patch', 'delete'].filter((method) => method in item).map((method) => openapi(document, path, item, method)),
  );
  return { file, operations, bodyFaults: (operation, request) => bodyFaults(ajv, file, operation, request) };
}

function openapi(document, path, item, method) {
  const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])]
    .map((parameter) => referred(document, parameter))
    .filter((parameter) => parameter.in === 'query');
  return {
    path,
    method: method.toUpperCase(),
    query: parameters.map(({ name }) => name),
    required: parameters.filter(({ required }) => required === true).map(({ name }) => name),
    content: item[method].requestBody?.content,
  };
}

const referred = (document, part) =>
  part.$ref === undefined
    ? part
    : part.$ref
        .slice('#/'.length)
        .split('/')
        .reduce((found, key) => found[key], document);

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
