import { stop } from '../../process/running.ts';
import { SandboxCommand } from '../../process/sandbox-command.ts';

export default class Stop extends SandboxCommand {
  static override description = 'Stop the sandbox in the background; its state stays.';
  static override examples = ['<%= config.bin %> sandbox stop'];

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Stop);
    const stopped = await stop(this.folder(flags));
    return this.out([stopped === undefined ? 'The sandbox was not running.' : `SANDBOX stopped (process ${stopped.pid}).`], {
      stopped: stopped !== undefined,
    });
  }
}
