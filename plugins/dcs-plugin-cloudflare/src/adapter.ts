import { dirname, relative, resolve } from 'node:path';
import { DcsError, type AdapterDefinition, type SourceModule } from 'dcs-sdk';
import {
  addImport,
  addParameter,
  envReads,
  freeName,
  importedAs,
  isFunction,
  isProcessEnv,
  memberName,
  nameOf,
  node,
  nodes,
  outerEnd,
  quotedList,
  type Node,
  type Read,
  type TextEdit,
} from 'dcs-sdk/rewrite';
import { findWrangler } from './detect.ts';

const MODULE = 'dcs-runtime/cloudflare';
/** Each event's handler, and what it calls its first parameter. */
const EVENTS: ReadonlyMap<string, string> = new Map([
  ['fetch', 'request'],
  ['scheduled', 'controller'],
  ['queue', 'batch'],
  ['email', 'message'],
]);

/** Edits the module that a Worker's wrangler file calls `main`. */
const adapter: AdapterDefinition = {
  title: 'Cloudflare Workers',
  module: MODULE,
  token: 'wrangler secret put DOPPLER_TOKEN',
  async entry({ root }) {
    const { file, config } = (await findWrangler(root)) ?? {};
    const main = config?.['main'];
    if (file !== undefined && typeof main === 'string')
      return { file: relative(root, resolve(dirname(file), main)), taken: bindings(config) };
    throw new DcsError('CONFIG', `${file === undefined ? 'There is no wrangler file here' : `${relative(root, file)} names no main`}.`, {
      why: 'It says which module the Worker starts with. Nothing was written.',
      hint: 'docs/runtime.md shows what to write by hand',
    });
  },
  reads: (module) => readsOf(module).map(({ name }) => name),
  added: (module) => [MODULE, 'dcs-plugin-cloudflare/runtime'].some((from) => importedAs(module, from, 'withSecrets') !== undefined),
  edit(module, keys) {
    const exported = nodes(module.program, 'body').find(({ type }) => type === 'ExportDefaultDeclaration');
    const value = exported && node(exported, 'declaration');
    if (exported === undefined || value === undefined || /Class|FunctionDeclaration/.test(value.type)) throw unknownShape(module);
    const wrap = `withSecrets({ keys: ${quotedList(module, keys)} }, `;
    const handlers = literal(module, value);
    const inHandlers = handlers && parameters(module, handlers, keys);
    const edits = inHandlers
      ? [...inHandlers, { start: value.start, end: value.start, text: wrap }, { start: value.end, end: value.end, text: ')' }]
      : around(module, exported, value, wrap, handlers);
    return [addImport(module, ['withSecrets'], MODULE), ...edits];
  },
};
export default adapter;

const isEnv = (object: Node): boolean => !isProcessEnv(object) && (nameOf(object) ?? memberName(object)) === 'env';
const readsOf = ({ program }: SourceModule): Read[] => envReads(program, isEnv);

/** What the wrangler file binds to names that are no secrets: https://developers.cloudflare.com/workers/wrangler/configuration/, last verified 2026-11-21. */
function bindings(config: unknown): string[] {
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'string') return ['binding', 'name'].includes(key) ? [value] : [];
    return key === 'vars' && typeof value === 'object' && value !== null ? Object.keys(value) : bindings(value);
  });
}

function unknownShape({ file }: SourceModule): DcsError {
  return new DcsError('CONFIG', `${file} exports no object of handlers.`, {
    why: 'The adapter goes around what a Worker exports as default. Nothing was written.',
    hint: 'docs/runtime.md shows what to write by hand',
  });
}

/** The handlers of an object that is written down here, by their event; undefined: it is made elsewhere. */
function literal(module: SourceModule, value: Node): ReadonlyMap<string, Node> | undefined {
  const object = value.type === 'Identifier' ? constant(module, nameOf(value)!) : value;
  if (object?.type !== 'ObjectExpression') return undefined;
  const handlers = new Map<string, Node>();
  for (const property of nodes(object, 'properties')) {
    const event = nameOf(node(property, 'key'));
    const handler = node(property, 'value');
    if (event === undefined || handler === undefined) return undefined;
    if (EVENTS.has(event)) handlers.set(event, handler);
  }
  return handlers;
}

/** A constant with a type of its own is none: the handlers would no longer fit it. */
function constant({ program, text }: SourceModule, name: string): Node | undefined {
  const all = nodes(program, 'body').flatMap((statement) => nodes(statement, 'declarations'));
  const found = all.find((each) => nameOf(node(each, 'id')) === name);
  const init = found && node(found, 'init');
  return init && !text.slice(node(found, 'id')!.end, init.start).includes(':') ? init : undefined;
}

/** `secrets` after `env` in each handler, read where `env` was. Undefined: something else reads them too. */
function parameters(module: SourceModule, handlers: ReadonlyMap<string, Node>, keys: readonly string[]): TextEdit[] | undefined {
  const secrets = freeName(module, 'secrets', 'dopplerSecrets');
  const edits: TextEdit[] = [];
  let moved = 0;
  for (const [event, handler] of handlers) {
    if (!isFunction(handler)) return undefined;
    const env = nameOf(nodes(handler, 'params')[1]);
    const own =
      env === undefined
        ? []
        : envReads(handler, (object) => nameOf(object) === env).filter(
            ({ name, within }) => keys.includes(name) && !shadowed(within, handler, env),
          );
    for (const { object } of own) edits.push({ start: object.start, end: object.end, text: secrets });
    moved += own.filter(({ object }) => isEnv(object)).length;
    if (own.length > 0 || nodes(handler, 'params').length > 2)
      edits.push(addParameter(module, handler, 2, secrets, [`_${EVENTS.get(event)}`, '_env']));
  }
  return moved === readsOf(module).filter(({ name }) => keys.includes(name)).length ? edits : undefined;
}

/** A function in between has an `env` of its own. */
const shadowed = (within: readonly Node[], handler: Node, env: string): boolean =>
  within
    .slice(within.indexOf(handler) + 1)
    .some((each) => isFunction(each) && nodes(each, 'params').some((parameter) => nameOf(parameter) === env));

/** New handlers around the old ones, whose `env` holds the secrets: an app of a framework, or one that hands `env` on. */
function around(
  module: SourceModule,
  exported: Node,
  value: Node,
  wrap: string,
  handlers: ReadonlyMap<string, Node> | undefined,
): TextEdit[] {
  const { text, typescript } = module;
  const worker = nameOf(value) ?? freeName(module, 'worker', 'app');
  const tab = /^\t/m.test(text) ? '\t' : '  ';
  const semicolon = text.slice(exported.start, exported.end).endsWith(';') ? ';' : '';
  const env = typescript && /\bEnv\b/.test(text) ? 'env: Env' : 'env';
  const ctx = typescript ? 'ctx: ExecutionContext' : 'ctx';
  const lines = [...(handlers?.keys() ?? ['fetch'])].map((event) => {
    const first = EVENTS.get(event)!;
    return `${tab}${event}: (${first}, ${env}, secrets, ${ctx}) => ${worker}.${event}(${first}, { ...env, ...secrets }, ctx),\n`;
  });
  const made = `export default ${wrap}{\n${lines.join('')}})${semicolon}`;
  if (value.type === 'Identifier') return [{ start: exported.start, end: exported.end, text: made }];
  const end = outerEnd(module, exported);
  return [
    { start: exported.start, end: value.start, text: `const ${worker} = ` },
    { start: end, end, text: `\n\n${made}` },
  ];
}
