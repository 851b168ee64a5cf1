// Stands for a program that takes minutes, needs a network or belongs to the machine. It takes exactly what the workflows say, leaves
// what the program would leave, and writes down every argument. `node stand-in.mjs NAME ARGUMENTS...`
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [name, ...words] = process.argv.slice(2);
const { STAND_IN_LOG, STAND_IN_ROOT, STAND_IN_PATH, STAND_IN_FAILS } = process.env;
const line = [name, ...words].join(' ');
appendFileSync(STAND_IN_LOG, `${JSON.stringify([name, ...words])}\n`);

const refuse = (why) => {
  console.error(`stand-in: ${why}: ${line}`);
  process.exit(99);
};
const leave = (files) => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
};
const real = () => process.exit(spawnSync(name, words, { stdio: 'inherit', env: { ...process.env, PATH: STAND_IN_PATH } }).status ?? 1);
/** Never a stored token: npm takes the job's identity. */
const noToken = () => {
  const stored = Object.keys(process.env).find((variable) => /NPM_TOKEN|NODE_AUTH_TOKEN|npm_config.*auth/i.test(variable));
  if (stored !== undefined) refuse(`${stored} is set`);
};

const packed = { 'dist/npm/dcs-sdk-0.1.0.tgz': 'x', 'dist/dcs.cdx.json': '{}', 'dist/dcs.rb': 'class Dcs', 'dist/SHA256SUMS': '' };
const scripts = new Map([
  ['scripts/build.mjs', () => undefined],
  ['scripts/demo.mjs', () => undefined],
  [
    'scripts/checksums.mjs',
    () => leave({ 'dist/SHA256SUMS': 'sums', ...(process.env.DCS_SIGNING_KEY ? { 'dist/SHA256SUMS.sig': 'sig' } : {}) }),
  ],
  ['scripts/renew-updates.mjs', (folder) => leave({ [`${folder}/channels/stable/linux-x64.signed`]: `renewed ${Date.now()}` })],
  [
    'scripts/publish.mjs',
    (...options) => {
      noToken();
      if (options.join(' ') !== '--provenance --access=public') refuse('other options');
      if (!process.env.ACTIONS_ID_TOKEN_REQUEST_URL) refuse('no identity');
      if (!existsSync('dist/npm')) refuse('nothing packed');
    },
  ],
  [
    'scripts/pack-standalone.mjs',
    (...options) => {
      const [, platforms] =
        /^--out dist --platforms ([\w,-]+) --channel (?:stable|beta)$/.exec(options.join(' ')) ?? refuse('other options');
      if (!process.env.DCS_SIGNING_KEY) refuse('no key');
      for (const platform of platforms.split(','))
        leave({
          [`dist/standalone/dcs-v0.1.0-${platform}.tar.gz`]: platform,
          [`dist/updates/channels/stable/${platform}.signed`]: platform,
          [`dist/updates/versions/0.1.0/${platform}.signed`]: platform,
          [`dist/updates/parts/${platform}.part`]: platform,
        });
    },
  ],
]);

function npm() {
  noToken();
  if (words[0] === 'ci') {
    const [, ...flags] = words;
    if (flags.some((flag) => !['--no-audit', '--no-fund', '--ignore-scripts', '--dry-run'].includes(flag))) refuse('other flags');
    // Scripts that run for real import this one package.
    mkdirSync('node_modules', { recursive: true });
    if (!existsSync('node_modules/dcs-sdk')) symlinkSync(join(STAND_IN_ROOT, 'sdk'), 'node_modules/dcs-sdk');
    return;
  }
  if (words[0] === 'run') {
    const script = words.at(-1);
    if (!Object.hasOwn(JSON.parse(readFileSync('package.json', 'utf8')).scripts, script)) refuse('no such script');
    if (script === 'pack:npm') leave(packed);
    else if (script === 'test:conformance') process.exit(STAND_IN_FAILS === 'conformance' ? 1 : 0);
    else if (!['build', 'coverage', 'audit:signatures'].includes(script)) refuse('other script');
    return;
  }
  const [, prefix] =
    /^install --prefix (\S+) --ignore-scripts --no-audit --no-fund doppler-cloud-syncs@\d+\.\d+\.\d+$/.exec(words.join(' ')) ??
    refuse('other words');
  const dcs = join(prefix, 'node_modules', '.bin', 'dcs');
  leave({
    [dcs]: `#!/bin/bash\nexport STAND_IN_LOG='${STAND_IN_LOG}' STAND_IN_ROOT='${STAND_IN_ROOT}' STAND_IN_PATH='${STAND_IN_PATH}'\nexec "${process.execPath}" "${import.meta.filename}" dcs "$@"\n`,
  });
  chmodSync(dcs, 0o755);
}

/** dcs itself is the built one; what it installs from a registry is linked. */
async function dcs() {
  if (words[0] === 'plugins') {
    if (!['plugins install automation --yes', 'plugins install --needed --yes'].includes(words.join(' '))) refuse('other words');
    const { linkPlugins } = await import(join(STAND_IN_ROOT, 'scripts/link.mjs'));
    linkPlugins(join(process.env.HOME, '.local', 'share'));
    return;
  }
  const env = { ...process.env };
  process.exit(spawnSync(process.execPath, [join(STAND_IN_ROOT, 'bin/run.js'), ...words], { stdio: 'inherit', env }).status ?? 1);
}

switch (name) {
  case 'npm':
    npm();
    break;
  case 'dcs':
    await dcs();
    break;
  case 'git':
    real();
    break;
  case 'node': {
    const [file, ...rest] = words;
    if (file === 'node_modules/mocha/bin/mocha.js') break;
    if (!scripts.has(file)) real();
    if (!existsSync(file)) refuse('no such script');
    scripts.get(file)(...rest);
    break;
  }
  case 'sudo':
    if (!/^apt-get (?:update -q|install -y --no-install-recommends (?:(?:zsh|fish|strace|redis-server) ?)+)$/.test(words.join(' ')))
      refuse('other words');
    break;
  case 'oxfmt':
  case 'oxlint':
  case 'tsc':
    break;
  default:
    refuse('unknown');
}
