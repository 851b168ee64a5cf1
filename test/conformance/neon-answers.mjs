import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';

const FILE = 'neon-openapi-v2.yaml';

/** The schema of an operation's answer; a reference into `components/responses` is followed. */
function schemaOf(document, { responses }, status) {
  const given = responses[status] ?? responses.default;
  const response = given?.$ref === undefined ? given : document.components.responses[given.$ref.split('/').at(-1)];
  return response?.content?.['application/json']?.schema;
}

function operations(document) {
  return Object.entries(document.paths).flatMap(([path, item]) => {
    const fits = new RegExp(`^/api/v2${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`);
    const open = path.split('{').length;
    const methods = ['get', 'post', 'put', 'patch', 'delete'].filter((method) => method in item);
    return methods.map((method) => ({ path, method, fits, open, operation: item[method] }));
  });
}

/** OpenAPI 3.0 says `nullable`, JSON Schema a type more; references are found in the added document. */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => (key === '$ref' ? [key, `${FILE}${value}`] : [key, plain(value)])),
  );
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
}

/** A fetch that holds what it brings against the vendor's description in `folder`, and says at the end what it saw. */
export async function neonAnswers(folder) {
  if (folder === undefined) return { fetch, report: (record) => record.notRun('answers', 'DCS_SPECS names no folder of API descriptions') };
  const document = parse(await readFile(join(folder, FILE), 'utf8'));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: FILE, components: plain(document.components) });
  const known = operations(document).toSorted((a, b) => a.open - b.open);
  const seen = new Map();
  const judged = async (input, init) => {
    const answer = await fetch(input, init);
    const method = (init?.method ?? input.method ?? 'GET').toLowerCase();
    const { pathname } = new URL(input.url ?? input);
    const found = known.find((one) => one.method === method && one.fits.test(pathname));
    const name = `${method.toUpperCase()} ${found?.path ?? pathname} ${answer.status}`;
    const schema = found === undefined ? undefined : schemaOf(document, found.operation, answer.status);
    if (schema === undefined || answer.status === 204) return answer;
    const validate = ajv.compile(plain(schema));
    const fits = validate(await answer.clone().json());
    seen.set(name, [
      ...(seen.get(name) ?? []),
      ...(fits ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`)),
    ]);
    return answer;
  };
  const report = async (record) => {
    for (const [name, faults] of [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      await record.try(`answer: ${name}`, () => {
        if (faults.length > 0) throw new Error([...new Set(faults)].join('; '));
      });
  };
  return { fetch: judged, report };
}
