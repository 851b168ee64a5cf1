// `npm run demo`: the demo of the built CLI with the plugins of this repository, without pauses.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { status } = spawnSync(process.execPath, [`${root}bin/run.js`, 'sandbox', 'demo', '--fast'], {
  stdio: 'inherit',
  env: { ...process.env, XDG_DATA_HOME: `${root}tmp/data` },
});
process.exit(status ?? 1);
