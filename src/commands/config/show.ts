import { DcsCommand } from 'dcs-sdk/command';
import type { Step } from '../../engine/transform/steps.ts';
import { openSession } from '../../session.ts';

export default class ConfigShow extends DcsCommand {
  static override description = 'The project as dcs understands it: defaults filled in, environment maps resolved. Asks no server.';
  static override examples = ['<%= config.bin %> config show', '<%= config.bin %> config show --json'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(ConfigShow);
    const { project } = await openSession(this.config, this.invocation());
    const shown = {
      file: project.file ?? null,
      name: project.name,
      doppler: project.doppler.project,
      environments: [...project.environments.values()].map(({ name, config, branches, protected: isProtected, default: isDefault }) => ({
        name,
        config,
        branches,
        protected: isProtected,
        default: isDefault,
        ledger: project.ledger(name),
      })),
      targets: [...project.targets.values()].map(
        ({ name, type, environments, include, exclude, transform, rename, prefix, policy, existing }) => ({
          name,
          type,
          environments,
          include,
          exclude,
          transform: Object.fromEntries([...transform].map(([from, steps]) => [from, steps.map(({ step }) => written(step))])),
          rename: Object.fromEntries(rename),
          prefix,
          policy,
          existing,
        }),
      ),
      notices: project.notices,
    };
    const { stringify } = (await import('yaml')).default;
    return this.out(stringify(shown).trimEnd().split('\n'), shown);
  }
}

/** As dcs.yaml says it. */
function written(step: Step): unknown {
  return 'argument' in step ? { [step.step]: step.argument } : step.step;
}
