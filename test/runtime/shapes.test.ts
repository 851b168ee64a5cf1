import { expect } from 'chai';
import { applyEdits } from 'dcs-sdk/rewrite';
import { serverAdapter } from 'dcs-sdk/server-adapter';
import cloudflare from '../../plugins/dcs-plugin-cloudflare/src/adapter.ts';
import { fileDiff } from '../../src/render/file-diff.ts';
import { parseModule } from '../../src/runtime/source-module.ts';
import type { AdapterDefinition } from 'dcs-sdk';

const edited = async (
  adapter: AdapterDefinition,
  text: string,
  file = 'app.ts',
  type: unknown = 'module',
  keys = ['KEY'],
): Promise<string> => {
  const after = applyEdits(text, adapter.edit(await parseModule(file, text, type), keys));
  expect(adapter.added(await parseModule(file, after, type)), after).to.equal(true);
  return after;
};
const failing = async (run: Promise<unknown>): Promise<string> => {
  try {
    return `no failure: ${String(await run)}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('dcs runtime add: shapes of a Worker', () => {
  const IMPORT = "import { withSecrets } from 'dcs-runtime/cloudflare';";
  const WRAP = "withSecrets({ keys: ['KEY'] }, ";
  const shapes: readonly (readonly [name: string, before: string, after: string])[] = [
    [
      'no parameters are needed',
      'export default { fetch() { return new Response() } }',
      `${IMPORT}\n\nexport default ${WRAP}{ fetch() { return new Response() } })`,
    ],
    [
      'ctx moves on',
      `export default {\n  fetch(request: Request, env: Env, ctx: Ctx) { return env.KEY + env['KEY']; },\n};\n`,
      `${IMPORT}\n\nexport default ${WRAP}{\n  fetch(request: Request, env: Env, secrets, ctx: Ctx) { return secrets.KEY + secrets['KEY']; },\n});\n`,
    ],
    [
      'an arrow, a trailing comma, a comment with a parenthesis',
      'export default { fetch: async (request, env, /* ) */) => new Response(env.KEY) };',
      `${IMPORT}\n\nexport default ${WRAP}{ fetch: async (request, env, /* ) */secrets) => new Response(secrets.KEY) });`,
    ],
    [
      'a constant',
      'const worker = { fetch(request, env) { return env.KEY } };\nexport default worker;',
      `${IMPORT}\n\nconst worker = { fetch(request, env, secrets) { return secrets.KEY } };\nexport default ${WRAP}worker);`,
    ],
    [
      'a name that is taken',
      'const secrets = 1;\nexport default { fetch(request, env) { return env.KEY } };',
      `${IMPORT}\n\nconst secrets = 1;\nexport default ${WRAP}{ fetch(request, env, dopplerSecrets) { return dopplerSecrets.KEY } });`,
    ],
    [
      'an app of a framework',
      "import { Hono } from 'hono';\nconst app = new Hono();\napp.get('/', (c) => c.text(c.env.KEY));\nexport default app;\n",
      `import { Hono } from 'hono';\n${IMPORT}\nconst app = new Hono();\napp.get('/', (c) => c.text(c.env.KEY));\nexport default ${WRAP}{\n  fetch: (request, env, secrets, ctx: ExecutionContext) => app.fetch(request, { ...env, ...secrets }, ctx),\n});\n`,
    ],
    [
      'env that is handed on',
      'const read = (env: Env) => env.KEY;\nexport default {\n\tfetch(request, env) { return read(env) },\n\tscheduled() {},\n} satisfies ExportedHandler<Env>;\n',
      `${IMPORT}\n\nconst read = (env: Env) => env.KEY;\nconst worker = {\n\tfetch(request, env) { return read(env) },\n\tscheduled() {},\n} satisfies ExportedHandler<Env>;\n\nexport default ${WRAP}{\n\tfetch: (request, env: Env, secrets, ctx: ExecutionContext) => worker.fetch(request, { ...env, ...secrets }, ctx),\n\tscheduled: (controller, env: Env, secrets, ctx: ExecutionContext) => worker.scheduled(controller, { ...env, ...secrets }, ctx),\n});\n`,
    ],
  ];
  for (const [name, before, after] of shapes)
    it(name, async () => {
      expect(await edited(cloudflare, before)).to.equal(after);
    });

  it('leaves an env of another function alone', async () => {
    const text = 'export default { fetch(request, env) { const f = (env) => env.KEY; return f({}) + env.KEY } };';
    expect(await edited(cloudflare, text)).to.contain('{ ...env, ...secrets }');
  });

  for (const text of ['export default class extends WorkerEntrypoint {}', 'addEventListener("fetch", () => {});'])
    it(`does not know ${text}`, async () => {
      expect(await failing(edited(cloudflare, text))).to.equal('app.ts exports no object of handlers.');
    });

  it('reads types that can be erased, and says so of others', async () => {
    expect(await failing(edited(cloudflare, 'enum A { B }\nexport default { fetch() {} }'))).to.equal('app.ts cannot be read.');
    const wide = 'type Ä = { "日本": string };\nexport default { fetch(request: Request, env: Ä) { return env.KEY as string } };';
    expect(await edited(cloudflare, wide)).to.contain('fetch(request: Request, env: Ä, secrets) { return secrets.KEY as string }');
  });
});

describe('dcs runtime add: shapes of a server', () => {
  const server = serverAdapter('Node.js servers');
  const IMPORT = "import { initSecrets, getSecret } from 'dcs-runtime/cloudrun';";

  it('waits behind the imports of an ES module', async () => {
    expect(await edited(server, 'import a from "a"\nconst key = process.env.KEY\na.listen(1)\n', 'app.mjs', null)).to.equal(
      `import a from "a"\n${IMPORT.replaceAll("'", '"').replace(';', '')}\n\nawait initSecrets({ keys: ["KEY"] })\nconst key = getSecret("KEY")\na.listen(1)\n`,
    );
  });

  it('ends lines as the file does', async () => {
    expect(await edited(server, "import a from 'a';\r\na.listen(1);\r\n", 'app.mjs')).to.match(/^[^\n]*\r\n(?:[^\n\r]*\r\n)+$/);
  });

  it('waits in front where there is no import', async () => {
    expect(await edited(server, "'use strict';\nfoo(process.env.KEY).listen(1);", 'app.mjs')).to.equal(
      `'use strict';\n${IMPORT}\n\nawait initSecrets({ keys: ['KEY'] });\n\nfoo(getSecret('KEY')).listen(1);`,
    );
  });

  it('waits in the async function that listens, where a module cannot wait', async () => {
    const text =
      "import a from 'a';\nasync function main() {\n  await a.listen({ port: 1 });\n}\nconst key = () => process.env.KEY;\nmain();\n";
    expect(await edited(server, text, 'app.ts', null)).to.equal(
      `import a from 'a';\n${IMPORT}\nasync function main() {\n  await initSecrets({ keys: ['KEY'] });\n  await a.listen({ port: 1 });\n}\nconst key = () => getSecret('KEY');\nmain();\n`,
    );
  });

  it('listens once they are there', async () => {
    const text = "const http = require('node:http');\nhttp.createServer(() => process.env.KEY).listen(1);\nprocess.env.KEY = 'x';\n";
    expect(await edited(server, text, 'app.cjs', null)).to.equal(
      "const http = require('node:http');\nconst { initSecrets, getSecret } = require('dcs-runtime/cloudrun');\nvoid initSecrets({ keys: ['KEY'] }).then(() => http.createServer(() => getSecret('KEY')).listen(1));\nprocess.env.KEY = 'x';\n",
    );
  });

  it('does not know a server in a variable, and does not see what is read too early', async () => {
    const text = 'const server = app.listen(1);';
    expect(await failing(edited(server, text, 'app.cjs', null))).to.contain('in a way that dcs does not know');
    const early = await parseModule(
      'app.cjs',
      'const key = process.env.KEY; const f = () => process.env.LATER + process.env.NODE_ENV;',
      undefined,
    );
    expect(server.reads(early)).to.deep.equal(['LATER']);
  });

  it('finds the module in the words of package.json', async () => {
    const files = new Map<string, string>();
    const entry = (content: Record<string, string>): Promise<{ file: string }> => {
      files.clear();
      for (const [name, text] of Object.entries(content)) files.set(name, text);
      return server.entry({ root: '/', env: {}, read: async (path) => files.get(path) });
    };
    const start = '{"scripts": {"start": "node --enable-source-maps dist/http.js"}}';
    expect((await entry({ 'package.json': start, 'src/http.ts': 'a.listen(1)', 'dist/http.js': 'a.listen(1)' })).file).to.equal(
      'src/http.ts',
    );
    expect((await entry({ 'package.json': start, 'dist/http.js': 'a.listen(1)' })).file).to.equal('dist/http.js');
    expect((await entry({ 'package.json': '{"main": "a.js"}', 'a.js': 'nothing', 'server.mjs': 'a.listen(1)' })).file).to.equal(
      'server.mjs',
    );
    expect(await failing(entry({ 'package.json': '{' }))).to.equal('package.json is not valid JSON.');
    expect(await failing(entry({}))).to.equal('No module here starts a server.');
  });
});

describe('the change of a file, as it is shown', () => {
  it('is what is new and gone, with two lines around', () => {
    const before = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    expect(fileDiff(before.join('\n'), ['1', '2', '3', 'four', '5', '6', '7', '8', '9', '10'].join('\n'))).to.deep.equal([
      '  2',
      '  3',
      '- 4',
      '+ four',
      '  5',
      '  6',
      '  ...',
      '  8',
      '  9',
      '+ 10',
    ]);
    expect(fileDiff('same', 'same')).to.deep.equal([]);
  });
});
