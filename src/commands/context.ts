import { DcsCommand } from 'dcs-sdk/command';
import { Flags } from '@oclif/core';
import { table } from '../render/style.ts';
import { openSession } from '../session.ts';

export default class Context extends DcsCommand {
  static override description = 'Which environment a command would act on, and why; what each environment holds. Asks no server.';
  static override examples = ['<%= config.bin %> context', '<%= config.bin %> context --prompt'];
  static override flags = { prompt: Flags.boolean({ description: 'the environment alone, for a shell prompt' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Context);
    const session = await openSession(this.config, this.invocation());
    const { project } = session;
    const chosen = session.choose(true);
    if (flags.prompt) return this.out([chosen.name], { environment: chosen.name });
    if (!this.jsonEnabled()) this.logToStderr(chosen.line);
    const rows = [...project.environments.values()].map((environment) => {
      const targets = [...project.targets.values()]
        .filter(({ environments }) => environments.includes(environment.name))
        .map(({ name }) => name);
      return { environment, targets };
    });
    const lines = table([
      ['ENV', 'DOPPLER', 'BRANCHES', 'TARGETS', ''],
      ...rows.map(({ environment, targets }) => [
        `${environment.name}${environment.name === chosen.name ? ' *' : ''}`,
        `${project.doppler.project}/${environment.config}`,
        environment.branches.join(', '),
        targets.join(', ') || 'none',
        environment.protected ? 'protected' : '',
      ]),
    ]);
    return this.out([...lines.map((line) => `  ${line}`), `file ${project.file ?? 'none'}`], {
      environment: chosen.name,
      why: chosen.why,
      protected: chosen.protected,
      file: project.file ?? null,
      sandbox: session.sandbox,
      environments: rows.map(({ environment: { name, config, branches, protected: isProtected }, targets }) => ({
        name,
        doppler: `${project.doppler.project}/${config}`,
        branches,
        protected: isProtected,
        targets,
      })),
    });
  }
}
