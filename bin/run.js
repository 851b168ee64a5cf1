#!/usr/bin/env node
// Plain ES2020 up to the version check, so that an old Node answers in one line instead of a stack.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`dcs needs Node.js 22.15 or newer; this is ${process.version}.\n`);
  process.exit(1);
}

// Not by `import`, which reads all that a module exports, also what loads only when it is read.
const { mkdirSync, readFileSync } = process.getBuiltinModule('node:fs');

const pkg = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [first, ...rest] = process.argv.slice(2);
if (rest.length === 0 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${pkg.name}/${pkg.version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  cacheCompiledCode();
  const { start } = await import('../lib/main.js');
  await start(new URL('..', import.meta.url));
}

/** In a folder of our own: Node would take code that another user planted in a shared one. */
function cacheCompiledCode() {
  const path = process.getBuiltinModule('node:path');
  const { homedir } = process.getBuiltinModule('node:os');
  const folder = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'dcs', 'v8');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.getBuiltinModule('node:module').enableCompileCache(folder);
  } catch {
    // A read-only home only costs the cache.
  }
}
