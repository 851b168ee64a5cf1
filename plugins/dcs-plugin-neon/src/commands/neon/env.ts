import { Flags } from '@oclif/core';
import { BranchCommand } from '../../branch-command.ts';
import { pickBranch } from '../../branches.ts';
import { addressOf } from '../../connection.ts';
import { sourceFlag } from '../../neon-command.ts';

export default class NeonEnv extends BranchCommand {
  static override description = `Where the database of an environment is: branch, hosts, database and role. Never the password: dcs run and dcs env bring that from Doppler.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> -e dev',
    '<%= config.bin %> <%= command.id %> --branch checkout-v2 --json',
  ];
  static override flags = {
    branch: Flags.string({ helpValue: 'BRANCH', description: 'another branch than that of the environment' }),
    ...sourceFlag,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(NeonEnv);
    const { neon, project, branches, options, environment } = await this.scope(flags.source);
    const branch = pickBranch(branches, flags.branch ?? options.branch, project);
    const { host, pooled, database, role } = await addressOf(neon.api, project, branch, options);
    const shown = { project, branch: branch.name, host, pooled, database, role };
    return this.out(
      Object.entries(shown).map(([name, value]) => `${name.padEnd(8)}  ${value}`),
      { environment: environment.name, ...shown },
    );
  }
}
