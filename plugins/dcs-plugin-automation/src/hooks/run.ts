import type { DcsRun, GitHook, Host, ProjectMember, Trigger } from 'dcs-sdk';
import { compared, synced } from './words.ts';

/** How long a git hook may hold git up, from the start of this process, ms. */
const LIMIT = 5000;
/** Of that: a sync that is asked to end settles its record; who only reads has nothing to settle. */
const GRACE = { sync: 1000, status: 100 };
/** Of that: the start of the process before Node counts, and its end. */
const REST = 700;

export interface Asked {
  readonly hook: GitHook;
  /** Something behind is a reason to end the push. */
  readonly gate: boolean;
  /** `-e`, as it was given. */
  readonly environment?: string;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly lines: readonly string[];
  /** It was compared, and something is behind or drifted. */
  readonly differs: boolean;
}

/** Syncs what triggers name for this hook. Compares where they name nothing, and always for a gate. */
export async function runHook(host: Host, { hook, gate, environment, signal }: Asked): Promise<Answer> {
  const dcs = (command: 'sync' | 'status', ...words: string[]): Promise<DcsRun> => {
    const grace = GRACE[command];
    const timeout = Math.max(1, Math.round(LIMIT - grace - REST - process.uptime() * 1000));
    return host.dcs([command, ...words], { signal, timeout, grace });
  };
  const members = await host.members();
  const due = [...dueFor(hook, host.triggers('git-hook'), members)];
  // Of a workspace each dcs.yaml is trusted by itself, or is refused by itself.
  const trusted = due.length === 0 || members !== undefined || (await host.trusted());
  const syncs = trusted ? due : [];
  const runs = syncs.map(async ([name, words]) => synced(name, await dcs('sync', ...words, '-e', name, '--trigger', 'git-hook')));
  const lines = [...(trusted ? [] : [UNTRUSTED]), ...(await Promise.all(runs)).flat()];
  if (syncs.length > 0 && !gate) return { lines, differs: false };
  const all = members === undefined ? [] : ['--all'];
  const answer = compared(await dcs('status', ...all, ...(environment === undefined ? [] : ['-e', environment])));
  return { ...answer, lines: [...lines, ...answer.lines] };
}

const UNTRUSTED = 'dcs hooks: dcs.yaml is not trusted as it is now, so nothing was synced: dcs trust';
const OTHERWISE: readonly GitHook[] = ['post-checkout', 'post-merge'];

/** By environment, the words of a sync that goes as far as the triggers of this hook do. Nothing: all targets. */
function dueFor(
  hook: GitHook,
  own: readonly Trigger[],
  members: readonly ProjectMember[] | undefined,
): ReadonlyMap<string, readonly string[]> {
  const mine = (triggers: readonly Trigger[]): readonly Trigger[] =>
    triggers.filter(({ type, hooks = OTHERWISE }) => type === 'git-hook' && hooks.includes(hook));
  if (members !== undefined) {
    const named = members.flatMap(({ name, triggers }) =>
      mine(triggers).map(({ environment, targets = [''] }) => ({ environment, words: targets.map((target) => `${name}/${target}`) })),
    );
    return new Map(
      [...Map.groupBy(named, ({ environment }) => environment)].map(([name, each]) => [name, each.flatMap(({ words }) => words)]),
    );
  }
  return new Map(
    [...Map.groupBy(mine(own), ({ environment }) => environment)].map(([name, each]) => [
      name,
      each.some(({ targets }) => targets === undefined) ? [] : each.flatMap(({ targets = [] }) => targets),
    ]),
  );
}
