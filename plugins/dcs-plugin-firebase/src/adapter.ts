import { join, normalize, relative } from 'node:path';
import { DcsError, type AdapterDefinition, type App, type SourceModule } from 'dcs-sdk';
import {
  addImport,
  addParameter,
  envReads,
  freeName,
  importedAs,
  isFunction,
  isProcessEnv,
  localNames,
  memberName,
  nameOf,
  node,
  nodes,
  outerEnd,
  quoted,
  quotedList,
  walk,
  type Node,
  type Read,
  type TextEdit,
} from 'dcs-sdk/rewrite';
import { findProject } from './project.ts';

const MODULE = 'dcs-runtime/firebase';
const WRAPPERS = ['withSecrets', 'withSecretsCallable', 'withSecretsEvent'] as const;

/** Edits the functions of a Firebase project that read names in their handlers. */
const adapter: AdapterDefinition = {
  title: 'Firebase Functions',
  module: MODULE,
  token: 'firebase functions:secrets:set DOPPLER_TOKEN',
  async entry(app) {
    const folder = await sourceFolder(app);
    const main = await mainOf(app, folder);
    const named = typeof main === 'string' ? normalize(main) : 'index.js';
    const source = named.replace(/^(lib|dist|build)\//, 'src/').replace(/js$/, 'ts');
    for (const file of [source, named, 'src/index.ts', 'index.js'].map((each) => join(folder, each)))
      if ((await app.read(file)) !== undefined) return { file, taken: [] };
    throw new DcsError('CONFIG', `There is no module in ${folder}.`, {
      why: `Looked for ${source} and ${named}. Nothing was written.`,
      hint: 'docs/runtime.md shows what to write by hand',
    });
  },
  reads: (module) => triggers(module).flatMap(({ reads }) => reads.map(({ name }) => name)),
  added: (module) => WRAPPERS.some((name) => importedAs(module, MODULE, name) !== undefined),
  edit(module, keys) {
    const own = triggers(module).map((each) => ({ ...each, reads: each.reads.filter(({ name }) => keys.includes(name)) }));
    const changed = own.filter(({ reads }) => reads.length > 0);
    if (changed.length === 0)
      throw new DcsError('CONFIG', `No function in ${module.file} reads ${keys.join(', ')}.`, {
        why: 'Looked for variables of the process in the handlers that onRequest, onCall and other triggers are given. Nothing was written.',
        hint: 'docs/runtime.md shows what to write by hand',
      });
    const secrets = freeName(module, 'secrets', 'dopplerSecrets');
    const wrappers = [...new Set(changed.map(({ wrapper }) => wrapper))];
    return [addImport(module, wrappers, MODULE), ...changed.flatMap((each) => wrapped(module, each, secrets))];
  },
};
export default adapter;

/** The first one's where there are several codebases. */
async function sourceFolder({ root }: App): Promise<string> {
  const project = await findProject(root);
  const [first] = project?.functions ?? [];
  if (project !== undefined && first !== undefined) return relative(root, join(project.root, first));
  throw new DcsError('CONFIG', 'There are no functions in a firebase.json here.', {
    why: 'Nothing was written.',
    hint: 'firebase init functions',
  });
}

async function mainOf({ read }: App, folder: string): Promise<unknown> {
  const file = join(folder, 'package.json');
  try {
    return (JSON.parse((await read(file)) ?? '{}') as { main?: unknown }).main;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DcsError('CONFIG', `${file} is not valid JSON.`, { why: 'Nothing was written.' });
  }
}

interface Trigger {
  readonly call: Node;
  /** What is called when it fires. */
  readonly handler: Node;
  readonly wrapper: (typeof WRAPPERS)[number];
  /** Of variables, in the handler. */
  readonly reads: readonly Read[];
}

/** `onRequest(handler)`, `onCall(options, handler)`, `functions.pubsub.schedule(...).onRun(handler)` ... */
function triggers(module: SourceModule): Trigger[] {
  const known = localNames(module, /^firebase-functions(\/|$)/);
  return [...walk(module.program)].flatMap(([call]) => {
    if (call.type !== 'CallExpression' || !known.has(rootOf(call) ?? '')) return [];
    const callee = node(call, 'callee')!;
    const name = nameOf(callee) ?? memberName(callee);
    const handler = nodes(call, 'arguments').at(-1);
    if (name === undefined || !/^(on|before)[A-Z]/.test(name) || handler === undefined || !isFunction(handler)) return [];
    const wrapper = name === 'onRequest' ? 'withSecrets' : name === 'onCall' ? 'withSecretsCallable' : 'withSecretsEvent';
    return [{ call, handler, wrapper, reads: envReads(handler, isProcessEnv) }];
  });
}

/** `functions` of `functions.pubsub.schedule(...).onRun(...)`. */
function rootOf(of: Node): string | undefined {
  const inner = node(of, 'callee') ?? node(of, 'object');
  return inner === undefined ? nameOf(of) : rootOf(inner);
}

function wrapped(module: SourceModule, { call, handler, wrapper, reads }: Trigger, secrets: string): TextEdit[] {
  const end = outerEnd(module, handler);
  const keys = [...new Set(reads.map(({ name }) => name))].toSorted();
  const [index, before] =
    wrapper === 'withSecrets' ? [2, ['_req', '_res']] : [1, [wrapper === 'withSecretsCallable' ? '_request' : '_event']];
  return [
    ...token(module, call, handler),
    { start: handler.start, end: handler.start, text: `${wrapper}({ keys: ${quotedList(module, keys)} }, ` },
    addParameter(module, handler, index as number, secrets, before as string[]),
    ...reads.map(({ object: { start, end } }) => ({ start, end, text: secrets })),
    { start: end, end, text: ')' },
  ];
}

/** Binds DOPPLER_TOKEN where the options are written down or left out: of `onRequest` and `onCall` of the second generation. */
function token(module: SourceModule, call: Node, handler: Node): TextEdit[] {
  const name = nameOf(node(call, 'callee'));
  const bound = quoted(module, 'DOPPLER_TOKEN');
  if (name !== 'onRequest' && name !== 'onCall') return [];
  const [options] = nodes(call, 'arguments');
  if (options === handler) return [{ start: handler.start, end: handler.start, text: `{ secrets: [${bound}] }, ` }];
  if (options?.type !== 'ObjectExpression') return [];
  const properties = nodes(options, 'properties');
  const list = properties
    .map((each) => (nameOf(node(each, 'key')) === 'secrets' ? node(each, 'value') : undefined))
    .find((value) => value !== undefined);
  if (list === undefined)
    return [{ start: options.start + 1, end: options.start + 1, text: ` secrets: [${bound}]${properties.length > 0 ? ',' : ' '}` }];
  if (list.type !== 'ArrayExpression') return [];
  return [{ start: list.start + 1, end: list.start + 1, text: `${bound}${nodes(list, 'elements').length > 0 ? ', ' : ''}` }];
}
