import { DcsCommand } from 'dcs-sdk/command';
import { untrust } from '../config/trust.ts';
import { keepRules } from '../shell/keep-rules.ts';
import { openSession } from '../session.ts';

export default class Untrust extends DcsCommand {
  static override description = 'Take back what dcs trust gave.';
  static override examples = ['<%= config.bin %> untrust'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(Untrust);
    const { project, directories, log } = await openSession(this.config, this.invocation());
    const was = await untrust(directories.stateDir, project.files);
    if (process.env['DCS_SHELL']) await keepRules(directories.stateDir, project, log);
    return this.out([was ? `✓ no longer trusted: ${project.file}` : `It was not trusted: ${project.file}`], { file: project.file, was });
  }
}
