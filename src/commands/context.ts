import { DcsCommand } from 'dcs-sdk/command';
import { Flags } from '@oclif/core';
import { isDcsError } from 'dcs-sdk';
import { table } from '../render/style.ts';
import { openSession, type Session } from '../session.ts';

export default class Context extends DcsCommand {
  static override description =
    'Which environment a command would act on, and why; what each environment holds, and its personal and branch configs: -e takes those too. With --prompt no server is asked.';
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
    const configs = await branchConfigs(session);
    if (typeof configs === 'string' && !this.jsonEnabled()) this.logToStderr(`! branch configs are not shown: ${configs}`);
    const of = (root: string): readonly string[] => (typeof configs === 'string' ? [] : (configs.get(root) ?? []));
    const lines = table([
      ['ENV', 'DOPPLER', 'BRANCHES', 'TARGETS', 'CONFIGS', ''],
      ...rows.map(({ environment, targets }) => [
        `${environment.name}${environment.name === chosen.name ? ' *' : ''}`,
        `${project.doppler.project}/${environment.config}`,
        environment.branches.join(', '),
        targets.join(', ') || 'none',
        of(environment.config).join(', '),
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
        configs: typeof configs === 'string' ? null : of(config),
      })),
    });
  }
}

/** A screen that is mostly local waits for no server for long. */
const DEADLINE_MS = 3_000;

/** Root config -> the configs that inherit from it, personal ones included; or why they cannot be told. */
async function branchConfigs(session: Session): Promise<ReadonlyMap<string, readonly string[]> | string> {
  try {
    const { signIn } = await import('../doppler-access.ts');
    const client = await signIn(session, DEADLINE_MS);
    const configs = (await client.configs(session.project.doppler.project)).filter(({ root }) => !root);
    const byRoot = Map.groupBy(configs, ({ environment }) => environment);
    return new Map([...byRoot].map(([root, all]) => [root, all.map(({ name }) => name).toSorted()]));
  } catch (error) {
    if (isDcsError(error)) return error.message;
    throw error;
  }
}
