/** What people and supervisors send. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT'] as const;
const KEYS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/** Hands on each signal once, and answers what ends that. Whether Ctrl-C ends anything is for the program to say. */
export function passSignals(send: (signal: NodeJS.Signals) => void): () => void {
  // In a terminal that is not raw the keys' signals reach the program by themselves: passing them on would double them.
  const shared = process.stdin.isTTY && !process.stdin.isRaw;
  const hooks = SIGNALS.map((signal) => {
    const hook = (): void => {
      if (!(shared && KEYS.has(signal))) send(signal);
    };
    process.on(signal, hook);
    return [signal, hook] as const;
  });
  return () => {
    for (const [signal, hook] of hooks) process.off(signal, hook);
  };
}
