import type { AdapterDefinition, App } from './adapter.ts';
import { DcsError } from './error.ts';
import {
  addImport,
  envReads,
  importedAs,
  isFunction,
  isProcessEnv,
  memberName,
  node,
  quoted,
  quotedList,
  walk,
  nodes,
  outerEnd,
  type Node,
  type Read,
  type SourceModule,
  type TextEdit,
} from './rewrite.ts';

const MODULE = 'dcs-runtime/cloudrun';
/** What platforms and tools set. */
const TAKEN = /^(NODE_|npm_|K_|GOOGLE_|GCLOUD_|DOPPLER_|DCS_|PORT$|HOST$|HOSTNAME$|HOME$|PATH$|TZ$|CI$)/;

/**
 * The adapter of servers that a Node.js process runs: express, fastify, node:http. They read when they start, and `getSecret` afterwards.
 * `token`: how such a server gets its token on this platform.
 */
export function serverAdapter(title: string, token = 'DOPPLER_TOKEN'): AdapterDefinition {
  return {
    title,
    module: MODULE,
    token,
    async entry(app) {
      for (const file of await candidates(app)) if (((await app.read(file)) ?? '').includes('.listen(')) return { file, taken: [] };
      throw new DcsError('CONFIG', 'No module here starts a server.', {
        why: 'Looked for .listen( in what "start" and "main" of package.json name, and in index, server, app and main. Nothing was written.',
        hint: 'docs/runtime.md shows what to write by hand',
      });
    },
    reads: (module) => readsOf(module).map(({ name }) => name),
    added: (module) => importedAs(module, MODULE, 'initSecrets') !== undefined,
    edit(module, keys) {
      const reads = readsOf(module).filter(({ name }) => keys.includes(name));
      const replaced = reads.map(({ node: { start, end }, name }) => ({ start, end, text: `getSecret(${quoted(module, name)})` }));
      const added = addImport(module, reads.length > 0 ? ['initSecrets', 'getSecret'] : ['initSecrets'], MODULE);
      return [...initialised(module, added, `initSecrets({ keys: ${quotedList(module, keys)} })`), ...replaced];
    },
  };
}

async function candidates({ read }: App): Promise<string[]> {
  const { main, scripts } = parsed((await read('package.json')) ?? '{}');
  const lines = [scripts?.['start'], scripts?.['dev']].filter((line) => typeof line === 'string');
  const named = [...lines.flatMap((line) => line.split(/\s+/)), main].filter(
    (word) => typeof word === 'string' && /\.[cm]?[jt]s$/.test(word),
  ) as string[];
  const sources = named.map((file) => file.replace(/^(\.\/)?(dist|lib|build|out)\//, 'src/').replace(/js$/, 'ts'));
  const usual = ['src/', ''].flatMap((folder) =>
    ['index', 'server', 'app', 'main'].flatMap((name) => ['ts', 'mts', 'js', 'mjs', 'cjs'].map((end) => `${folder}${name}.${end}`)),
  );
  return [...sources, ...named, ...usual];
}

function parsed(text: string): { main?: unknown; scripts?: Readonly<Record<string, unknown>> } {
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DcsError('CONFIG', 'package.json is not valid JSON.', { why: 'Nothing was written.' });
  }
}

/** Where the module cannot wait, what it reads while it is loaded is read too early. */
const readsOf = (module: SourceModule): Read[] =>
  envReads(module.program, isProcessEnv).filter(({ name, within }) => !TAKEN.test(name) && (module.awaits || within.some(isFunction)));

/** The import, and the call before anything else; where the module cannot wait, before it listens. */
function initialised(module: SourceModule, added: TextEdit, call: string): TextEdit[] {
  const semicolon = added.text.trimEnd().endsWith(';') ? ';' : '';
  if (module.awaits) {
    const leading = added.text.endsWith('\n\n');
    return [{ ...added, text: leading ? `${added.text}await ${call}${semicolon}\n\n` : `${added.text}\n\nawait ${call}${semicolon}` }];
  }
  for (const [found, within] of walk(module.program)) {
    if (found.type !== 'CallExpression' || memberName(node(found, 'callee')!) !== 'listen') continue;
    const functions = within.filter(isFunction);
    const statement = within.findLast(({ type }) => /Statement|Declaration$/.test(type));
    if (statement === undefined) continue;
    if (functions.at(-1)?.['async'] === true)
      return [added, { start: statement.start, end: statement.start, text: `await ${call}${semicolon}\n${indent(module, statement)}` }];
    if (functions.length > 0 || !nodes(module.program, 'body').includes(statement) || statement.type !== 'ExpressionStatement') continue;
    const expression = node(statement, 'expression')!;
    return [
      added,
      { start: statement.start, end: statement.start, text: `void ${call}.then(() => ` },
      { start: outerEnd(module, expression), end: outerEnd(module, expression), text: ')' },
    ];
  }
  throw new DcsError('CONFIG', `${module.file} starts its server in a way that dcs does not know.`, {
    why: 'Secrets have to be there before it listens. Nothing was written.',
    hint: 'docs/runtime.md shows what to write by hand',
  });
}

const indent = ({ text }: SourceModule, { start }: Node): string => /[ \t]*$/.exec(text.slice(0, start))![0];
