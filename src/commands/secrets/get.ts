import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { nearest } from '../../config/nearest.ts';
import { dopplerClient } from '../../doppler-access.ts';
import { seeConfig, type Seen } from '../../into/look.ts';
import { secretJson, secretLines } from '../../into/show.ts';
import { checkedNames } from '../../into/words.ts';
import { refuseUnlessRevealed, revealFlags } from '../../reveal.ts';
import { firstLine } from '../../render/first-line.ts';
import { print } from '../../render/print.ts';
import { openSession } from '../../session.ts';

export default class SecretsGet extends DcsCommand {
  static override description = `One secret of a Doppler config. With --reveal its value and nothing else, byte for byte where the output is no terminal.`;
  static override examples = [
    '<%= config.bin %> secrets get STRIPE_KEY -e staging',
    '<%= config.bin %> secrets get TLS_CERT -e staging --reveal > cert.pem',
  ];
  static override args = { name: Args.string({ required: true, ignoreStdin: true, description: 'its name in Doppler' }) };
  static override flags = {
    ...revealFlags,
    raw: Flags.boolean({ description: 'as it is stored, references unresolved', dependsOn: ['reveal'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(SecretsGet);
    const [name] = checkedNames([args.name]);
    const session = await openSession(this.config, this.invocation());
    if (flags.reveal) refuseUnlessRevealed(session, { reveal: true, allow: flags.allow ?? [] });
    const environment = session.choose(true);
    firstLine(session, environment, (line) => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    });
    const { secrets } = await seeConfig(session, await dopplerClient(session), environment);
    const { project, config } = environment.doppler;
    const found = secrets.find((each) => each.name === name && each.state !== 'missing');
    if (found === undefined) throw unknown(name!, secrets, `${project}/${config}`);
    const json = { environment: environment.name, doppler: environment.doppler, secret: secretJson(found, flags.reveal) };
    if (!flags.reveal) return this.out(secretLines([found], false, new Date()), json);
    const value = flags.raw ? found.secret?.raw : found.secret?.computed;
    if (value === undefined || value === null)
      throw new DcsError('AUTH', `Doppler does not show the value of ${found.name} to this token.`, {
        why: 'Its visibility is restricted: people set it, machines read it.',
        hint: 'dcs run -- CMD     with a service token',
      });
    if (this.jsonEnabled()) return this.out([], { ...json, secret: { ...json.secret, value } });
    await print(process.stdout.isTTY ? `${value}\n` : value);
    return {};
  }
}

function unknown(name: string, secrets: readonly Seen[], place: string): DcsError {
  const near = nearest(
    name,
    secrets.map((each) => each.name),
  );
  return new DcsError('USAGE', `Doppler ${place} has no ${name}.`, {
    hint: near === undefined ? 'dcs secrets list' : `did you mean ${near}?`,
  });
}
