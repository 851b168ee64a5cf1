import { DcsCommand } from 'dcs-sdk/command';
import { trust } from '../config/trust.ts';
import { openSession } from '../session.ts';

export default class Trust extends DcsCommand {
  static override description = 'Let this dcs.yaml act by itself (hooks, triggers). Any edit of the file ends the trust.';
  static override examples = ['<%= config.bin %> trust'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Trust);
    const { project, directories } = await openSession(this.config, this.invocation());
    const digest = await trust(directories.stateDir, project.file!);
    return this.out([`✓ trusted ${project.file}`, '  Until the file changes. dcs untrust takes it back.'], { file: project.file, digest });
  }
}
