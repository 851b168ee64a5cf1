import { DcsCommand } from 'dcs-sdk/command';
import { dopplerClient } from '../../doppler-access.ts';
import { seeConfig } from '../../into/look.ts';
import { secretJson, secretLines } from '../../into/show.ts';
import { refuseUnlessRevealed, revealFlags } from '../../reveal.ts';
import { firstLine } from '../../render/first-line.ts';
import { openSession } from '../../session.ts';

export default class SecretsList extends DcsCommand {
  static override description = `The secrets of a Doppler config: visibility, owner (secrets: in dcs.yaml), who changed it last, note. Values with --reveal only.`;
  static override examples = ['<%= config.bin %> secrets list -e staging', '<%= config.bin %> secrets list -e dev_personal --json'];
  static override flags = revealFlags;

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(SecretsList);
    const session = await openSession(this.config, this.invocation());
    if (flags.reveal) refuseUnlessRevealed(session, { reveal: true, allow: flags.allow ?? [] });
    const environment = session.choose(true);
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    firstLine(session, environment, say);
    const { secrets, log } = await seeConfig(session, await dopplerClient(session), environment);
    if (!log) say("! who changed what is not told: this token may not read the config's log");
    return this.out(secretLines(secrets, flags.reveal, new Date()), {
      environment: environment.name,
      doppler: environment.doppler,
      secrets: secrets.map((each) => secretJson(each, flags.reveal)),
    });
  }
}
