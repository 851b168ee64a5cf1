/** What completion needs of oclif's commands. */
export interface CommandLike {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly hidden?: boolean | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly flags: Readonly<Record<string, FlagLike>>;
  readonly args: Readonly<Record<string, ArgLike>>;
}
interface FlagLike {
  readonly type: string;
  readonly name: string;
  readonly char?: string | undefined;
  readonly hidden?: boolean | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly options?: readonly string[] | undefined;
}
interface ArgLike {
  readonly name: string;
  readonly hidden?: boolean | undefined;
  readonly multiple?: boolean | undefined;
  readonly options?: readonly string[] | undefined;
}
export interface TopicLike {
  readonly name: string;
  readonly description?: string | undefined;
  readonly hidden?: boolean | undefined;
}

/** What the shells complete from the words that dcs keeps (keep.ts). */
export type WordKind = 'env' | 'target' | 'source' | 'secret' | 'branch';

/** By the name of a flag or an argument, wherever it stands. */
const FLAGS: Readonly<Record<string, WordKind | 'file'>> = {
  env: 'env',
  only: 'secret',
  except: 'secret',
  for: 'target',
  branch: 'branch',
  parent: 'branch',
  source: 'source',
  'config-file': 'file',
  plan: 'file',
  out: 'file',
  template: 'file',
  mount: 'file',
  folder: 'file',
  dir: 'file',
  file: 'file',
};
const ARGS: Readonly<Record<string, WordKind | 'file'>> = { target: 'target', branch: 'branch', from: 'file' };
/** Of one command, where the name alone does not say it. */
const OF_COMMAND: Readonly<Record<string, Readonly<Record<string, WordKind>>>> = {
  diff: { from: 'env', to: 'env' },
  explain: { name: 'secret' },
  history: { name: 'secret' },
  'secrets:get': { name: 'secret' },
  'secrets:set': { name: 'secret' },
  'secrets:unset': { name: 'secret' },
};

/**
 * A file for each word path (`dcs`, `dcs.neon`, `dcs.neon.branch.create`), a line for each thing that may follow, four fields between
 * tabs: `sub|flag|arg`, the word (of an argument its position, or `*`), what it takes, a summary. What it takes: `-` nothing, `=a,b`
 * one of these, a kind of word, `file`, or `text`.
 */
export function nodesOf(commands: Iterable<CommandLike>, topics: Iterable<TopicLike>): ReadonlyMap<string, string> {
  const nodes = new Map<string, Map<string, string>>();
  const put = (path: readonly string[], sort: string, word: string, takes: string, summary = ''): void => {
    const at = ['dcs', ...path].join('.');
    const lines = nodes.get(at) ?? new Map<string, string>();
    nodes.set(at, lines.set(`${sort}\t${word}`, `${sort}\t${word}\t${takes}\t${firstLine(summary)}`));
  };
  const reach = (id: string, summary?: string): readonly string[] => {
    const words = id.split(':');
    for (const [index, word] of words.entries())
      if (index === words.length - 1 || !nodes.get(['dcs', ...words.slice(0, index)].join('.'))?.has(`sub\t${word}`))
        put(words.slice(0, index), 'sub', word, '-', index === words.length - 1 ? summary : '');
    return words;
  };
  const shown = [...commands].filter(({ hidden }) => hidden !== true);
  for (const { name, description, hidden } of topics)
    if (hidden !== true && shown.some(({ id }) => id.startsWith(`${name}:`))) reach(name, description);
  for (const command of shown)
    for (const id of [command.id, ...command.aliases]) {
      const path = reach(id, command.summary ?? command.description);
      for (const flag of Object.values(command.flags).filter(({ hidden }) => hidden !== true)) {
        const takes = flag.type === 'boolean' ? '-' : taken(flag, OF_COMMAND[command.id]?.[flag.name] ?? FLAGS[flag.name]);
        for (const word of [`--${flag.name}`, ...(flag.char === undefined ? [] : [`-${flag.char}`])])
          put(path, 'flag', word, takes, flag.summary ?? flag.description);
      }
      put(path, 'flag', '--help', '-', 'show help');
      for (const [index, arg] of Object.values(command.args).entries())
        if (arg.hidden !== true)
          put(
            path,
            'arg',
            arg.multiple === true ? '*' : String(index + 1),
            taken(arg, OF_COMMAND[command.id]?.[arg.name] ?? ARGS[arg.name]),
          );
    }
  return new Map([...nodes].map(([at, lines]) => [at, [...lines.values()].map((line) => `${line}\n`).join('')]));
}

const taken = ({ options }: Pick<FlagLike, 'options'>, kind: string | undefined): string =>
  options === undefined ? (kind ?? 'text') : `=${options.join(',')}`;

const firstLine = (text: string): string =>
  text
    .replaceAll('<%= config.bin %>', 'dcs')
    .split('\n', 1)[0]!
    .replaceAll(/\p{Cc}/gu, ' ');
