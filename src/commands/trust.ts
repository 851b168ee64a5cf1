import { DcsCommand } from 'dcs-sdk/command';
import { trust } from '../config/trust.ts';
import { keepRules } from '../shell/keep-rules.ts';
import { openSession } from '../session.ts';

export default class Trust extends DcsCommand {
  static override description =
    'Let this dcs.yaml act by itself (hooks, triggers, variables in your shell). Any edit of the file ends the trust.';
  static override examples = ['<%= config.bin %> trust'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Trust);
    const { project, directories, log } = await openSession(this.config, this.invocation());
    const digest = await trust(directories.stateDir, project.files);
    if (process.env['DCS_SHELL']) await keepRules(directories.stateDir, project, log);
    return this.out([`✓ trusted ${project.file}`, '  Until the file changes. dcs untrust takes it back.'], { file: project.file, digest });
  }
}
