import { Args, Flags } from '@oclif/core';
import { DcsCommand, syncFlags } from 'dcs-sdk/command';
import { setSecrets } from '../../into/set.ts';
import { namesAndFiles, valuesOf } from '../../into/words.ts';
import { firstLine } from '../../render/first-line.ts';
import { styleFor } from '../../render/style.ts';
import { openSession } from '../../session.ts';

export default class SecretsSet extends DcsCommand {
  static override description = `Set secrets in Doppler: the plan first, then consent. A value comes by a hidden prompt, by stdin or from @FILE, never as an argument.

A file is taken as it is, stdin without one line end. The write is refused where somebody edited one of the names meanwhile. dcs sync brings it to the targets.`;
  static override examples = [
    '<%= config.bin %> secrets set STRIPE_KEY -e dev',
    'openssl rand -hex 32 | <%= config.bin %> secrets set SESSION_KEY -e staging --yes',
    '<%= config.bin %> secrets set TLS_CERT @cert.pem TLS_KEY @key.pem -e prod',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, multiple: true, ignoreStdin: true, description: 'NAME, or NAME @FILE once or more' }),
  };
  static override flags = {
    references: Flags.boolean({ description: "${NAME} in the value is one of Doppler's references, and meant" }),
    'dry-run': Flags.boolean({ description: 'the plan only' }),
    yes: syncFlags.yes,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(SecretsSet);
    const named = namesAndFiles([args.name].flat());
    const session = await openSession(this.config, this.invocation());
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const environment = session.choose(false);
    firstLine(session, environment, say);
    const given = await valuesOf(named, session.invocation, session.env);
    const options = { references: flags.references, yes: flags.yes, dryRun: flags['dry-run'] };
    const style = styleFor(flags['dry-run'] ? process.stdout : process.stderr, session.env);
    const { lines, json, exit } = await setSecrets(session, environment, given, options, style, say);
    process.exitCode = exit;
    return this.out(lines, json);
  }
}
