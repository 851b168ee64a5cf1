import { DcsError } from 'dcs-sdk';
import { branchArg, BranchCommand, mayRenew, sharedFlag } from '../../../branch-command.ts';
import { pickBranch } from '../../../branches.ts';
import { connectionOf } from '../../../connection.ts';
import { renewPassword } from '../../../create-branch.ts';
import { allowed, consentFlags, sourceFlag } from '../../../neon-command.ts';
import { point, sharesPassword, placeOf } from '../../../point.ts';
import { probe } from '../../../postgres.ts';

export default class BranchSwitch extends BranchCommand {
  static override description = `Point Doppler at another branch, after connecting to it, direct and pooled.

-e writes your personal config where you have one; --shared the team's, and dcs.yaml. A branch that still has its parent's password gets
its own first.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> checkout-v2 -e dev',
    '<%= config.bin %> <%= command.id %> dev -e dev --shared',
  ];
  static override args = branchArg;
  static override flags = { ...sharedFlag, ...sourceFlag, ...consentFlags };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchSwitch);
    const scope = await this.scope(flags.source, flags.shared ? 'team' : 'own');
    const { host, neon, environment, options, project, branches, into } = scope;
    const branch = pickBranch(branches, args.branch, project);
    let connection = await connectionOf(neon.api, project, branch, options);
    const shares = await sharesPassword(neon, project, branches, branch, connection.role);
    host.output.note(`${environment.name} · ${placeOf(into)}`);
    if (shares) await mayRenew(scope, branch);
    if (shares) host.output.note(`~ ${branch.name}  gets a password of its own: it still has its parent's`);
    if (!(await host.confirm(`Point ${into.name} at ${branch.name}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    if (shares) connection = { ...connection, password: await renewPassword(neon, project, branch, connection.role) };
    host.output.note(`✓ connected  PostgreSQL ${await probe(connection)}, direct and pooled`);
    const synced = await point({ ...scope, into, branch: branch.name, connection, allow: allowed(flags) });
    return this.out(synced.lines, { project, branch: { id: branch.id, name: branch.name }, doppler: synced.json });
  }
}
