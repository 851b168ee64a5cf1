import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environment, required } from '../../process/running.ts';
import { SandboxCommand } from '../../process/sandbox-command.ts';

export default class Shell extends SandboxCommand {
  static override description = 'Open a shell in which dcs, doppler and wrangler speak to the sandbox.';
  static override examples = ['<%= config.bin %> sandbox shell'];
  static override enableJsonFlag = false;

  async run(): Promise<void> {
    const { flags } = await this.parse(Shell);
    const server = await required(this.folder(flags));
    const { env } = await this.host();
    const prompt = `(sandbox) ${env['PS1'] ?? '$ '}`;
    this.logToStderr(`SANDBOX ${server.origin}: dcs, doppler and wrangler speak to it in this shell. exit ends it.`);
    const child = spawn(env['SHELL'] ?? '/bin/sh', [], { stdio: 'inherit', env: { ...env, ...(await environment(server)), PS1: prompt } });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) this.exit(code ?? 1);
  }
}
