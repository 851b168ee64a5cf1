import { extname } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { noProgram, programOf, splitCommandLine } from '../run/command-line.ts';
import { injectionFlags, injectionOptions, optionalValue, ownExitCode, programFlags, programOptions } from '../run/flags.ts';
import { FORMAT_NAMES, type FormatName } from '../run/formats/names.ts';
import { runProgram, type MountOptions } from '../run/run.ts';
import { openSession } from '../session.ts';

export default class Run extends DcsCommand {
  static override description = `Run a program with the secrets of an environment.

Its exit code is the program's; 128+n when a signal ended it, 125 when dcs failed, 126 and 127 when it cannot be started. Where its output is no terminal the values are masked.`;
  static override examples = [
    '<%= config.bin %> run -- npm run dev',
    '<%= config.bin %> run -e staging --only DATABASE_URL -- psql',
    '<%= config.bin %> run --for api -- wrangler dev',
    `<%= config.bin %> run --command 'npm run migrate && npm start'`,
    '<%= config.bin %> run --mount secrets.json --max-reads 1 -- ./server --config secrets.json',
    '<%= config.bin %> run --watch -- node server.js',
    '<%= config.bin %> run --offline -- npm test',
  ];
  // stdout is the program's alone.
  static override enableJsonFlag = false;
  // A program without `--` would be "command run npm not found".
  static override strict = false;
  static override usage = 'run [FLAGS] -- CMD [ARGS]';
  static override flags = {
    ...injectionFlags,
    ...programFlags,
    mount: Flags.string({ helpValue: 'FILE', description: 'a named pipe instead of variables; DCS_SECRETS_PATH is its path' }),
    'mount-format': Flags.string({
      options: [...FORMAT_NAMES],
      dependsOn: ['mount'],
      description: 'default: by the name of the file, else dotenv',
    }),
    'max-reads': Flags.integer({ min: 1, dependsOn: ['mount'], description: 'so often the pipe may be read; default: any number' }),
    watch: Flags.boolean({ description: 'start the program anew whenever a value changes in Doppler', exclusive: ['offline'] }),
  };

  async run(): Promise<void> {
    const line = splitCommandLine(this.argv);
    const flagsOf = { ...Run.baseFlags, ...Run.flags };
    if (line.program === undefined && !line.own.some((word) => /^--command(=|$)/.test(word))) throw noProgram('run', line, flagsOf);
    const { flags, argv: strays } = await this.parse(Run, optionalValue(line.own));
    const session = await openSession(this.config, this.invocation(), { optional: true, signal: new AbortController().signal });
    const argv = programOf(flags.command, line, session.env);
    if (argv === undefined || strays.length > 0) throw noProgram('run', line, flagsOf);
    process.exitCode = await runProgram(session, {
      ...programOptions(flags),
      argv,
      injection: injectionOptions(flags),
      watch: flags.watch,
      ...(flags.mount === undefined ? {} : { mount: mountOptions(flags.mount, flags['mount-format'], flags['max-reads']) }),
      say: (text) => {
        if (!flags.quiet) this.logToStderr(text);
      },
    });
  }

  protected override async catch(error: Error): Promise<unknown> {
    await super.catch(error);
    process.exitCode = ownExitCode(error);
    return undefined;
  }
}

const BY_NAME: ReadonlyMap<string, FormatName> = new Map([
  ['.json', 'json'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.tfvars', 'tfvars'],
]);

function mountOptions(file: string, format: string | undefined, maxReads: number | undefined): MountOptions {
  return {
    file,
    format: (format as FormatName | undefined) ?? BY_NAME.get(extname(file)) ?? 'dotenv',
    ...(maxReads === undefined ? {} : { maxReads }),
  };
}
