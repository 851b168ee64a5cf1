import { spawn } from 'node:child_process';

/** Ends the child, and removes its files, when this process dies without a chance to do so: killed, or out of memory. */
export interface OrphanGuard {
  /** To be called in the very step that starts the child: only a death within that step leaves it alone. */
  watch(pid: number): void;
  release(): void;
}

/** The first line names the child. Then `read` answers a line when the child ended first, and the end of the pipe when dcs is gone. */
const SCRIPT = `read -r child && [ "$child" != ended ] || exit
read -r _ && exit
rm -f -- "$@"
kill -TERM "$child" || exit
for _ in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 "$child" || exit; done
kill -KILL "$child"`;

/** Started before the child: it would take as long afterwards, with nobody to end the child. */
export function guardOrphan(files: readonly string[] = []): OrphanGuard {
  if (process.platform === 'win32') return { watch: () => undefined, release: () => undefined };
  // A session of its own, so that Ctrl-C does not end it before it is needed; no variables, so that no secret is in it.
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'dcs-orphan-guard', ...files], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
  });
  guard.on('error', () => undefined); // no /bin/sh: the child is only as safe as without a guard
  guard.stdin.on('error', () => undefined);
  guard.unref();
  (guard.stdin as typeof guard.stdin & { unref?(): void }).unref?.();
  return {
    watch: (pid) => void guard.stdin.write(`${pid}\n`),
    release: () => void guard.stdin.end('ended\n'),
  };
}
