// npm run new:plugin foo: a plugin for Foo, with the template's tests green from the start.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const plugins = join(dirname(fileURLToPath(import.meta.url)), '..', 'plugins');
const [name = '', into = plugins] = process.argv.slice(2);

const stop = (message) => {
  console.error(message);
  process.exit(64);
};
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) stop('Usage: npm run new:plugin NAME   (lower case, digits and -: fly, aws-ssm)');
if (['template', 'dcs'].includes(name) || name.startsWith('dcs-')) stop(`'${name}' is taken; use the cloud's own name.`);
const folder = join(into, `dcs-plugin-${name}`);
if (existsSync(folder)) stop(`${folder} exists already.`);

const title = name.replace(/(^|-)([a-z0-9])/g, (_, dash, letter) => (dash ? ' ' : '') + letter.toUpperCase());
const constant = name.toUpperCase().replaceAll('-', '_');
const renamed = (text) => text.replaceAll('TEMPLATE', constant).replaceAll('Template', title).replaceAll('template', name);

const notBuilt = (path) => !/[\\/](lib|node_modules)$|oclif\.manifest\.json$/.test(path);
cpSync(join(plugins, '_template'), folder, { recursive: true, filter: notBuilt });
for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
  const from = join(file.parentPath, file.name);
  writeFileSync(from, renamed(readFileSync(from, 'utf8')));
  renameSync(from, join(file.parentPath, renamed(file.name)));
}

console.log(`Made ${folder}. Next (docs/writing-a-plugin.md):
  npm install && npm run build     link it into the workspace
  npx mocha --no-config ${join(folder, 'test', 'target.test.ts')}
                                   its contract, green now against a cloud of its own
  src/api.ts and test/${name}-server.ts: teach both the real API
  npm run gen && npm test          the manifests, and everything else`);
