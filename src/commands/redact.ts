import { pipeline } from 'node:stream/promises';
import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { injectionFlags, injectionOptions } from '../run/flags.ts';
import { inject } from '../run/injection.ts';
import { Reader } from '../run/reader.ts';
import { openSession } from '../session.ts';

export default class Redact extends DcsCommand {
  static override description = `Mask the values of an environment in what is piped through.

Passes nothing on when the values cannot be read. Everything else passes as it is, byte for byte.`;
  static override examples = [
    'terraform apply 2>&1 | <%= config.bin %> redact -e prod',
    '<%= config.bin %> redact --offline < build.log > build.masked.log',
    '<%= config.bin %> redact -e prod --ci-mask',
  ];
  // stdout is the masked text alone.
  static override enableJsonFlag = false;
  static override flags = {
    ...injectionFlags,
    'ci-mask': Flags.boolean({ description: "in a GitHub workflow: register the values with the runner's own mask; reads no stdin" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Redact);
    const ciMask = flags['ci-mask'];
    if (ciMask && process.env['GITHUB_ACTIONS'] !== 'true')
      throw new DcsError('REFUSED', '--ci-mask prints the values for a GitHub runner, and this is none.', {
        why: 'GITHUB_ACTIONS is not "true": nothing would read and hide them. Nothing was printed.',
        hint: 'the same without --ci-mask masks a pipe',
      });
    if (!ciMask && process.stdin.isTTY)
      throw new DcsError('USAGE', 'Nothing is piped into dcs redact.', { hint: ['CMD 2>&1 | dcs redact', 'dcs run --mask -- CMD'] });
    const session = await openSession(this.config, this.invocation(), { optional: true, signal: new AbortController().signal });
    const { secrets, lines } = await inject(session, await Reader.open(session), injectionOptions(flags));
    const { compileMatcher, redactStream, skippedLine, workflowMasks } = await import('../run/redact/matcher.ts');
    const masks = ciMask ? workflowMasks(secrets) : compileMatcher(secrets);
    for (const line of lines) if (!flags.quiet) this.logToStderr(line);
    const skipped = skippedLine(masks);
    if (skipped !== undefined) this.logToStderr(skipped);
    if ('lines' in masks) return masks.lines.forEach((line) => this.log('%s', line));
    // The program that writes decides when it ends, also after Ctrl-C: its last words are masked too.
    process.on('SIGINT', () => {});
    await pipeline(process.stdin, redactStream(masks.stream()), process.stdout);
  }
}
