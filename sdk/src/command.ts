import { Args, Command, Flags, type Interfaces } from '@oclif/core';
import { DcsError, EXIT, isDcsError } from './error.ts';
import { GUARDS } from './guard.ts';
import { host as makeHost, TRIGGER_TYPES, type Host, type Invocation } from './host.ts';
import { errorLines } from './error-text.ts';

export { errorLines } from './error-text.ts';

const GLOBAL = { helpGroup: 'GLOBAL' };

/** The base of every dcs command, in the core and in plugins: global flags, `--json`, errors as docs/errors.md prints them. */
export abstract class DcsCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    // No `env:` here: DCS_ENV chooses an environment, but is no consent, and oclif does not tell the two apart.
    env: Flags.string({
      char: 'e',
      helpValue: 'NAME',
      description: 'environment, or its Doppler config',
      ...GLOBAL,
      aliases: ['config'],
      charAliases: ['c'],
      deprecateAliases: true,
    }),
    'config-file': Flags.string({ helpValue: 'FILE', description: 'use this dcs.yaml', env: 'DCS_CONFIG_FILE', ...GLOBAL }),
    quiet: Flags.boolean({ char: 'q', description: 'print data, errors and nothing else', ...GLOBAL }),
    verbose: Flags.boolean({ description: 'print requests (never values) and every name', ...GLOBAL }),
    'no-color': Flags.boolean({ description: 'no colours (also NO_COLOR)', ...GLOBAL }),
    'no-input': Flags.boolean({ description: 'never ask; refuse instead', env: 'DCS_NO_INPUT', ...GLOBAL }),
  };

  #flags: Record<string, unknown> = {};

  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    this.#refuseValuesOfBooleans(argv ?? this.argv);
    const parsed = await super.parse<F, B, A>(options, argv);
    this.#flags = parsed.flags;
    return parsed;
  }

  /** oclif reads `--yes=no` as true and hands on `no` as an argument. */
  #refuseValuesOfBooleans(argv: readonly string[]): void {
    const own = this.ctor as typeof DcsCommand;
    const flags = { ...own.baseFlags, ...own.flags } as Record<string, { type: string } | undefined>;
    for (const word of argv) {
      if (word === '--') return;
      const [, name] = /^--([\w-]+)=/.exec(word) ?? [];
      if (name !== undefined && Object.hasOwn(flags, name) && flags[name]?.type === 'boolean')
        throw new DcsError('USAGE', `--${name} takes no value.`, { hint: `leave out what follows the =` });
    }
  }

  protected invocation(): Invocation {
    const flags = this.#flags;
    const text = (name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined);
    const env = text('env');
    const configFile = text('config-file');
    return {
      ...(env === undefined ? {} : { env }),
      ...(configFile === undefined ? {} : { configFile }),
      json: this.jsonEnabled(),
      quiet: flags['quiet'] === true,
      verbose: flags['verbose'] === true,
      input: flags['no-input'] !== true,
      yes: flags['yes'] === true,
    };
  }

  protected host(): Promise<Host> {
    return makeHost(this.config, this.invocation());
  }

  /** Text lines for people, or the one document under `--json`. Return it from `run()`. */
  protected out(lines: readonly string[], json: Readonly<Record<string, unknown>>): Record<string, unknown> {
    for (const line of lines) this.log(line);
    return { schema: 1, ...json };
  }

  protected override async catch(error: Error): Promise<unknown> {
    const known = isDcsError(error) ? error : usageError(error);
    process.exitCode = known ? EXIT[known.code] : 1;
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(known ?? error));
    else this.logToStderr(errorLines(known ?? error, this.#flags['verbose'] === true).join('\n'));
    return undefined;
  }

  protected override toErrorJson(error: unknown): unknown {
    if (!isDcsError(error)) return { schema: 1, error: { code: 'BUG', exit: 1, message: 'unexpected error' } };
    const { code, message, details } = error;
    const { why, hint, ref } = details;
    return { schema: 1, error: { code, exit: EXIT[code], message, why, try: hint === undefined ? [] : [hint].flat(), ref } };
  }
}

function usageError(error: Error): DcsError | undefined {
  const { oclif, name } = error as Error & { oclif?: { exit?: number } };
  if (name === 'ExitPromptError') return new DcsError('INTERRUPTED', 'Interrupted.', { why: 'Nothing was written.' });
  if (oclif?.exit !== EXIT.USAGE) return undefined;
  return new DcsError('USAGE', oneLine(error), { hint: 'the same with --help' });
}

/** What oclif says is wrong with the words, without its pointer to --help, and without what was typed for a flag: it may be a value. */
function oneLine({ message, args = [] }: Error & { args?: readonly { readonly name?: string }[] }): string {
  const [first = '', second = ''] = message
    .replaceAll(/(--?[\w-]+)=[^]*(?= to be one of: )/g, '$1')
    .replaceAll(/(--?[\w-]+)=.*/g, '$1')
    .replace(/ but received: [^]*/, '')
    .split('\n')
    .map((line) => line.trim());
  if (first.startsWith('The following error')) return second;
  if (first.startsWith('Parsing --')) return `${first.slice('Parsing '.length)}: ${second}`;
  return first.startsWith('Missing ') ? `${first} ${args.map(({ name }) => name).join(', ')}` : first || 'Wrong usage.';
}

const names = (description: string): Interfaces.OptionFlag<string[] | undefined> =>
  Flags.string({ description, helpValue: 'NAME', multiple: true, multipleNonGreedy: true });

export const targetArgs = {
  target: Args.string({
    description: 'a target of dcs.yaml, or a type: all targets of it; api/worker: of a member of the workspace',
    multiple: true,
  }),
};

/** The flags of every command that can be about the members of a workspace. */
export const memberFlags = {
  all: Flags.boolean({ description: 'every member of the workspace (workspaces: in the root dcs.yaml)' }),
  changed: Flags.string({ helpValue: 'REF', description: 'the members with a changed file since this commit or branch, by git' }),
};

/** The flags of `dcs sync` and of every `dcs sync <type>`. */
export const syncFlags = {
  ...memberFlags,
  only: names('only these names (as they are called in Doppler)'),
  except: names('all but these names'),
  plan: Flags.string({ helpValue: 'FILE', description: 'apply exactly this saved plan' }),
  prune: Flags.boolean({ description: 'also delete what dcs wrote and Doppler no longer has' }),
  allow: Flags.string({
    helpValue: 'GUARD',
    multiple: true,
    multipleNonGreedy: true,
    options: [...GUARDS],
    description: 'consent to one guard',
  }),
  'break-lock': Flags.string({ helpValue: 'ID', description: 'take over the lock of a dead sync on another machine' }),
  redeploy: Flags.boolean({ description: 'make live at once what else waits for the next deployment' }),
  'dry-run': Flags.boolean({ description: 'the plan only, as dcs diff prints it' }),
  trigger: Flags.string({
    helpValue: 'TYPE',
    options: [...TRIGGER_TYPES],
    description: 'write as a trigger of dcs.yaml may: without asking, creates and updates only, in a file that dcs trust has seen',
    exclusive: ['yes', 'allow', 'prune', 'plan', 'redeploy', 'dry-run'],
    dependsOn: ['env'],
  }),
  yes: Flags.boolean({ char: 'y', description: 'write without asking; covers no guard' }),
};

/** Makes `dcs sync <type>`: the core's command with that type as first argument, so that every word order gives one result. */
export function syncCommand(type: string, title: string): typeof Command {
  return class SyncType extends DcsCommand {
    static override description = `Bring the secrets of ${title} up to date.`;
    static override examples = [`<%= config.bin %> sync ${type} -e staging`, `<%= config.bin %> sync ${type} --dry-run`];
    // The core parses and prints: with a JSON flag of its own the document would appear twice, and strict words would be "not found".
    static override enableJsonFlag = false;
    static override strict = false;
    static override args = targetArgs;
    static override flags = { ...syncFlags, json: Flags.boolean({ description: 'one JSON document', helpGroup: 'GLOBAL' }) };
    override parsed = true;
    async run(): Promise<void> {
      await this.config.runCommand('sync', [type, ...this.argv]);
    }
  };
}
