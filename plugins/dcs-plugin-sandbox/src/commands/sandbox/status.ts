import { running } from '../../process/running.ts';
import { SandboxCommand } from '../../process/sandbox-command.ts';

export default class Status extends SandboxCommand {
  static override description = 'Say whether the sandbox runs, and where.';
  static override examples = ['<%= config.bin %> sandbox status'];

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Status);
    const folder = this.folder(flags);
    const server = await running(folder);
    if (server === undefined) return this.out(['The sandbox is not running.', 'Next   dcs sandbox start'], { running: false, folder });
    return this.out([`SANDBOX runs on ${server.origin} (process ${server.pid}, since ${server.startedAt})`, `State  ${folder}`], {
      running: true,
      ...server,
      folder,
    });
  }
}
