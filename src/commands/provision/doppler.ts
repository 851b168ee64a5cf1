import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { dopplerClient } from '../../doppler-access.ts';
import { nameOf, planProvisioning, provision, provisionLines, type Step, type WantedConfig } from '../../into/provision.ts';
import { prompts } from '../../prompts.ts';
import { plural } from '../../render/style.ts';
import { openSession, type Session } from '../../session.ts';

export default class ProvisionDoppler extends DcsCommand {
  static override description = `Create the project, environments and configs that dcs.yaml names and Doppler lacks, after showing them. No secret is touched; what is there stays as it is, and a second run has nothing to do.`;
  static override examples = ['<%= config.bin %> provision doppler', '<%= config.bin %> provision doppler -e staging --yes'];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'show what is missing, create nothing' }),
    yes: Flags.boolean({ char: 'y', description: 'create without asking' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(ProvisionDoppler);
    const session = await openSession(this.config, this.invocation());
    const { project } = session.project.doppler;
    const wanted = wantedConfigs(session);
    const client = await dopplerClient(session);
    const plan = await planProvisioning(client, project, wanted);
    const lines = provisionLines(plan);
    const json = { project, missing: plan.steps, there: plan.there };
    if (plan.steps.length === 0 || flags['dry-run'])
      return this.out([...lines, plan.steps.length === 0 ? 'Nothing to do.' : 'Next  dcs provision doppler'], { ...json, created: [] });
    if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(lines.join('\n'));
    const ask = prompts(session.invocation, session.env);
    if (!flags.yes && !(await ask.confirm(`Create ${plural(plan.steps.length, 'thing')} in Doppler?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was created.' });
    const created: Step[] = [];
    await provision(client, project, wanted, (step) => {
      created.push(step);
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(`✓ ${step.make} ${nameOf(step)}`);
    });
    return this.out([`${plural(created.length, 'thing')} created in Doppler.`, 'Next  dcs import .env -e dev'], { ...json, created });
  }
}

/** Those of `-e`, a branch config with its root, else of every environment. */
function wantedConfigs(session: Session): WantedConfig[] {
  const all = [...session.project.environments.values()].map(({ name, config }) => ({ environment: name, config }));
  if (session.invocation.env === undefined) return all;
  const { name, branchOf = name, doppler } = session.choose(false);
  const root = all.filter(({ environment }) => environment === branchOf);
  return branchOf === name ? root : [...root, { environment: branchOf, config: doppler.config }];
}
