import { Flags } from '@oclif/core';
import { isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { noProgram, programOf, splitCommandLine } from '../run/command-line.ts';
import { injectionFlags, injectionOptions } from '../run/flags.ts';
import { runProgram } from '../run/run.ts';
import { openSession } from '../session.ts';

/** dcs itself failed: https://www.gnu.org/software/coreutils/env */
const OWN_FAILURE = 125;

export default class Run extends DcsCommand {
  static override description = `Run a program with the secrets of an environment.

Its exit code is the program's; 128+n when a signal ended it, 125 when dcs failed, 126 and 127 when it cannot be started. Where its output is no terminal the values are masked.`;
  static override examples = [
    '<%= config.bin %> run -- npm run dev',
    '<%= config.bin %> run -e staging --only DATABASE_URL -- psql',
    '<%= config.bin %> run --for api -- wrangler dev',
    `<%= config.bin %> run --command 'npm run migrate && npm start'`,
    '<%= config.bin %> run --offline -- npm test',
  ];
  // stdout is the program's alone.
  static override enableJsonFlag = false;
  // A program without `--` would be "command run npm not found".
  static override strict = false;
  static override usage = 'run [FLAGS] -- CMD [ARGS]';
  static override flags = {
    ...injectionFlags,
    command: Flags.string({ helpValue: 'LINE', description: 'a line for the shell instead of a program after --' }),
    mask: Flags.boolean({ allowNo: true, description: 'mask the values in the output (default: where it is no terminal)' }),
    'preserve-env': Flags.string({
      helpValue: 'A,B',
      description: 'variables that are set already stay: these, or without =A,B all of them',
    }),
    'clean-env': Flags.boolean({ description: 'nothing of this environment but PATH, HOME, the terminal and the language' }),
    'allow-name': Flags.string({
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      description: 'also inject a name that changes how programs start, such as NODE_OPTIONS',
    }),
  };

  async run(): Promise<void> {
    const line = splitCommandLine(this.argv);
    if (line.program === undefined && !line.own.some((word) => /^--command(=|$)/.test(word))) throw noProgram('run', line, takesValue);
    // oclif knows no flag whose value may be left out.
    const own = line.own.map((word) => (word === '--preserve-env' ? '--preserve-env=*' : word));
    const { flags, argv: strays } = await this.parse(Run, own);
    if (strays.length > 0) throw noProgram('run', line, takesValue);
    const session = await openSession(this.config, this.invocation(), { optional: true, signal: new AbortController().signal });
    const argv = programOf(flags.command, line, session.env);
    if (argv === undefined) throw noProgram('run', line, takesValue);
    process.exitCode = await runProgram(session, {
      argv,
      injection: injectionOptions(flags),
      rules: {
        preserve: preserved(flags['preserve-env']),
        clean: flags['clean-env'],
        allowed: new Set(flags['allow-name']),
      },
      ...(flags.mask === undefined ? {} : { mask: flags.mask }),
      say: (text) => {
        if (!flags.quiet) this.logToStderr(text);
      },
    });
  }

  protected override async catch(error: Error): Promise<unknown> {
    await super.catch(error);
    process.exitCode = isDcsError(error) && 'exitCode' in error ? Number(error.exitCode) : OWN_FAILURE;
    return undefined;
  }
}

function takesValue(word: string): boolean {
  const flags: Readonly<Record<string, { readonly type: string; readonly char?: string }>> = { ...DcsCommand.baseFlags, ...Run.flags };
  return Object.entries(flags).some(([name, { type, char }]) => type === 'option' && [`--${name}`, `-${char}`].includes(word));
}

function preserved(flag: string | undefined): 'none' | 'all' | ReadonlySet<string> {
  if (flag === undefined) return 'none';
  return flag === '*' ? 'all' : new Set(flag.split(','));
}
