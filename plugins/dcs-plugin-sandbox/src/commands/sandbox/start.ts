import { Flags } from '@oclif/core';
import { running, start } from '../../process/running.ts';
import { SandboxCommand } from '../../process/sandbox-command.ts';

export default class Start extends SandboxCommand {
  static override description = 'Start a local Doppler, Cloudflare, Google Cloud and Neon in the background.';
  static override examples = ['<%= config.bin %> sandbox start', '<%= config.bin %> sandbox start --port 4110'];
  static override flags = { port: Flags.integer({ description: 'port on 127.0.0.1; 0: any free one', default: 0, min: 0, max: 65_535 }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Start);
    const folder = this.folder(flags);
    const already = await running(folder);
    const server = already ?? (await start(folder, flags.port));
    const words = already === undefined ? 'started' : 'is already running';
    return this.out([`SANDBOX ${words} on ${server.origin} (process ${server.pid})`, `State  ${folder}`, 'Next   dcs sandbox shell'], {
      ...server,
      folder,
      already: already !== undefined,
    });
  }
}
