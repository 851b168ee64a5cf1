import { environment, required } from '../../process/running.ts';
import { SandboxCommand } from '../../process/sandbox-command.ts';

export default class Env extends SandboxCommand {
  static override description = 'Print the variables that point dcs, doppler, wrangler, gcloud, firebase and neon at the sandbox.';
  static override examples = ['eval "$(<%= config.bin %> sandbox env)"'];

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Env);
    const env = await environment(await required(this.folder(flags)));
    return this.out(
      Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
      { env },
    );
  }
}
