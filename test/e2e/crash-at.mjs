// Preloaded into a dcs: kills it before a change of the file system, DCS_CRASH_AT = `<kind> #<n>`, or lists them into DCS_CRASH_LOG. Files
// of the new version are of one kind, or there would be too many.
import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { DCS_CRASH_AT: at, DCS_CRASH_LOG: log } = process.env;
const counts = new Map();

function step(what, path = '') {
  const place = String(path)
    .replace(/^.*\/dcs\//, '')
    .replace(/(work\/tree)\/.*/, '$1/*')
    .replace(/\d+-[0-9a-f]{12}|(?<=lock\/)\d+/g, 'N');
  const kind = `${what} ${place}`;
  const count = counts.get(kind) ?? 0;
  counts.set(kind, count + 1);
  if (log) appendFileSync(log, `${kind} #${count}\n`);
  if (at === `${kind} #${count}`) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['mkdir', 'rename', 'rm', 'link', 'unlink', 'copyFile']) {
  const real = promises[name];
  promises[name] = (...args) => {
    step(name, name === 'link' || name === 'rename' ? args[1] : args[0]);
    return real(...args);
  };
}
const open = promises.open;
promises.open = async (path, flags, ...rest) => {
  if (flags !== 'r') step('open', path);
  const handle = await open(path, flags, ...rest);
  const kind = Object.getPrototypeOf(handle);
  if (!kind.watched) {
    kind.watched = true;
    for (const name of ['writeFile', 'sync', 'chmod']) {
      const real = kind[name];
      kind[name] = function (...args) {
        step(name);
        return real.apply(this, args);
      };
    }
  }
  return handle;
};
syncBuiltinESMExports();
