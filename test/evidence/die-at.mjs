// Preloaded into a dcs (`--import`), outside of the product: kills it with SIGKILL before its call DCS_DIE_AT, `<what> <path> #<n>`, of a
// file, the network or another process, or right after an answer came; lists them all into DCS_DIE_LOG. DCS_DIE_PLANT breaks dcs in one
// way, to see that a sweep of kills notices.
import child from 'node:child_process';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { DCS_DIE_AT: at, DCS_DIE_LOG: log, DCS_DIE_PLANT: plant } = process.env;
// What dcs itself starts lives.
for (const name of ['DCS_DIE_AT', 'DCS_DIE_LOG', 'DCS_DIE_PLANT', 'NODE_OPTIONS']) delete process.env[name];
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { appendFileSync, writeFileSync, readFileSync } = fs;
const counts = new Map();
let noting = false;

/** Requests leave in any order: calls are counted by what they are, not in a row. */
function step(what, path = '') {
  if (noting) return;
  const call = `${what} ${path.replace(/\d+-[0-9a-f]{12}|(?<=\/proc\/)\d+/g, 'N')}`;
  const count = counts.get(call) ?? 0;
  counts.set(call, count + 1);
  noting = true;
  if (log) appendFileSync(log, `${call} #${count}\n`);
  noting = false;
  if (at === `${call} #${count}`) process.kill(process.pid, 'SIGKILL');
}

/** Files by their name, but those of the program: that Node reads its code changes nothing. */
const named = (path) => (typeof path === 'string' && !path.startsWith(ROOT) ? path : undefined);

function watch(owner, names, pathOf = () => '') {
  for (const name of names) {
    const real = owner[name];
    if (typeof real !== 'function') continue;
    owner[name] = function (...args) {
      const path = pathOf(args[0]);
      if (path !== undefined) step(name, path);
      return real.apply(this, args);
    };
    // promisify(execFile) answers {stdout, stderr} by this.
    for (const symbol of Object.getOwnPropertySymbols(real)) owner[name][symbol] = real[symbol];
  }
}

const FILES = ['access', 'appendFile', 'chmod', 'copyFile', 'cp', 'link', 'lstat', 'mkdir', 'mkdtemp', 'open', 'opendir', 'readFile'];
const MORE_FILES = [
  'readdir',
  'readlink',
  'realpath',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'symlink',
  'truncate',
  'unlink',
  'utimes',
  'writeFile',
];
const files = [...FILES, ...MORE_FILES];
const plants = PLANTS();
const rename = promises.rename;
if (plants[plant]) promises.rename = plants[plant];
watch(promises, files, named);
watch(fs, ['createWriteStream', ...files.map((name) => `${name}Sync`)], named);
watch(fs, ['write', 'writeSync', 'fsync', 'fsyncSync']);
watch(child, ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']);
watch(net.Socket.prototype, ['connect', 'write']);
watch(process, ['kill']);
const handle = await promises.open(new URL(import.meta.url));
watch(Object.getPrototypeOf(handle), [
  'appendFile',
  'chmod',
  'close',
  'datasync',
  'read',
  'readFile',
  'stat',
  'sync',
  'truncate',
  'write',
  'writeFile',
]);
noting = true;
await handle.close();
noting = false;
const { fetch } = globalThis;
globalThis.fetch = async (...args) => {
  step('fetch');
  const answer = await fetch(...args);
  step('answer');
  return answer;
};
syncBuiltinESMExports();

function PLANTS() {
  return {
    /** Files written in place instead of as a whole. */
    async 'in-place'(from, to) {
      const text = readFileSync(from);
      writeFileSync(to, '');
      step('in-place');
      writeFileSync(to, text.subarray(0, text.length / 2));
      step('in-place');
      await rename(from, to);
    },
    /** What it is about to do never reaches the disk. */
    async forgetful(from, to) {
      if (!/ledger/.test(to)) return rename(from, to);
      await promises.unlink(from);
    },
    /** A value beside a file that is being replaced. */
    async plaintext(from, to) {
      const copy = join(dirname(to), `.${basename(to)}.plain`);
      writeFileSync(copy, process.env['DCS_DIE_VALUE'] ?? '');
      step('plaintext');
      await rename(from, to);
      fs.unlinkSync(copy);
    },
  };
}
