// `npm run audit:signatures`: whether the registry signed every package of node_modules, and which came with a provenance. 0: all are
// signed; 1: one is not; 75: it cannot be checked here, which is no answer.
import { spawnSync } from 'node:child_process';

// npm tells what failed in its messages: `npm run --silent` must not silence them.
const { stdout, stderr, status } = spawnSync('npm', ['audit', 'signatures', '--loglevel=error'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
});
process.stdout.write(stdout);
if (status !== 0 && /npm error code (E[A-Z]+|FETCH_ERROR)/.test(stderr) && /npm error (network|syscall)/.test(stderr)) {
  const [, host] = /request to (https?:\/\/[^/]+)/.exec(stderr) ?? [];
  console.error(`Not checked: ${host ?? 'the registry'} cannot be reached.`);
  process.exitCode = 75;
} else {
  process.stderr.write(stderr);
  process.exitCode = status ?? 1;
}
