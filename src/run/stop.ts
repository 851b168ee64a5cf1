/** SIGTERM, and SIGKILL after `grace` ms; resolves once it has ended. */
export async function stop(kill: (signal: 'SIGTERM' | 'SIGKILL') => unknown, ended: Promise<unknown>, grace: number): Promise<void> {
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), grace);
  await ended;
  clearTimeout(timer);
}
