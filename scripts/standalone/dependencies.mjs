// What the packed CLI needs at run time, exactly as package-lock.json has it.
import { readFileSync } from 'node:fs';

/** Paths of the lock (`node_modules/a/node_modules/b`) with what it says of each. Optional ones of other systems are left out. */
export function productionPackages(lockFile, platform) {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  const found = new Map();
  const open = [''];
  for (const at of open) {
    const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = packages[at];
    const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const path = resolve(packages, at, name);
      if (path === undefined) throw new Error(`package-lock.json lacks ${name}, wanted by ${at || 'the CLI'}`);
      if (found.has(path) || !runsOn(packages[path], platform)) continue;
      found.set(path, packages[path]);
      open.push(packages[path].link ? packages[path].resolved : path);
    }
  }
  return found;
}

/** As Node looks: beside, then in each folder above. */
function resolve(packages, from, name) {
  for (let base = from; ; base = base.includes('/node_modules/') ? base.slice(0, base.lastIndexOf('/node_modules/')) : '') {
    const path = `${base === '' ? '' : `${base}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (base === '') return undefined;
  }
}

function runsOn({ os, cpu, libc }, platform) {
  const [system, processor] = platform.split('-');
  const fits = (list, mine) =>
    list === undefined ||
    (list.includes(mine) && !list.includes(`!${mine}`)) ||
    (list.every((one) => one.startsWith('!')) && !list.includes(`!${mine}`));
  // The Node of a standalone build for Linux is one for glibc.
  return fits(os, system) && fits(cpu, processor) && (system !== 'linux' || libc === undefined || libc.includes('glibc'));
}
