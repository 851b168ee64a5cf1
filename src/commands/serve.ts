import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { noProgram, programOf, splitCommandLine } from '../run/command-line.ts';
import { injectionFlags, injectionOptions, optionalValue, ownExitCode, programFlags, programOptions } from '../run/flags.ts';
import { serve } from '../run/serve.ts';
import { openSession } from '../session.ts';

export default class Serve extends DcsCommand {
  static override description = `Run a program in development that reloads its secrets when they change in Doppler.

Answers Doppler's download route and its watch on 127.0.0.1, and gives the program DCS_SERVE_URL and DCS_SERVE_TOKEN instead of a Doppler token. A change starts the program anew, unless it reloads by itself (--no-restart). Without a program it serves whoever knows DCS_SERVE_TOKEN, until Ctrl-C.`;
  static override examples = [
    '<%= config.bin %> serve -- npm run dev',
    '<%= config.bin %> serve --no-restart -- node server.js',
    'DCS_SERVE_TOKEN="$(openssl rand -hex 32)" <%= config.bin %> serve --port 7400',
  ];
  // stdout is the program's alone.
  static override enableJsonFlag = false;
  static override strict = false;
  static override usage = 'serve [FLAGS] [-- CMD [ARGS]]';
  static override flags = {
    ...injectionFlags,
    ...programFlags,
    port: Flags.integer({ min: 0, max: 65_535, default: 0, description: 'default: any free one' }),
    restart: Flags.boolean({ allowNo: true, default: true, description: 'start the program anew when a value changed' }),
  };

  async run(): Promise<void> {
    const line = splitCommandLine(this.argv);
    const { flags, argv: strays } = await this.parse(Serve, optionalValue(line.own));
    if (strays.length > 0 || line.program?.length === 0) throw noProgram('serve', line, { ...Serve.baseFlags, ...Serve.flags });
    const session = await openSession(this.config, this.invocation(), { optional: true, signal: new AbortController().signal });
    const argv = programOf(flags.command, line, session.env);
    process.exitCode = await serve(session, {
      ...programOptions(flags),
      ...(argv === undefined ? {} : { argv }),
      injection: injectionOptions(flags),
      port: flags.port,
      restart: flags.restart,
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
